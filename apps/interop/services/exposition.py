"""The exposition for one person: gathered in a bounded number of queries, kept for a few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

import structlog
from django.utils import timezone
from redis import RedisError

from apps.accounts.models import User
from apps.interop.rules.exposition import render
from apps.interop.rules.families import Family, distinct
from apps.interop.selectors import cluster, portal, registry, usage

log = structlog.get_logger(__name__)

# About 20 MB of text: beyond this, scrape several portals or take samples by remote write.
MOST_SERIES = 100_000
# Of each kind; an object has about ten series.
MOST_OBJECTS = 10_000
KEPT_S = 5.0
MOST_KEPT = 16

Key = tuple[int, bool, frozenset[str]]


@dataclass(slots=True)
class Kept:
    """The latest bodies of this process, by person, rights and form."""

    clock: Callable[[], float] = time.monotonic
    _bodies: dict[Key, tuple[float, bytes]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def get(self, key: Key, make: Callable[[], bytes]) -> bytes:
        """The kept body, or a new one; two that ask at once share it."""
        with self._lock:
            until_s, body = self._bodies.pop(key, (0.0, b""))
            if self.clock() >= until_s:
                body = make()
                until_s = self.clock() + KEPT_S
            self._bodies[key] = (until_s, body)
            while len(self._bodies) > MOST_KEPT:
                del self._bodies[next(iter(self._bodies))]
        return body

    def forget(self) -> None:
        """As a new process would begin."""
        self._bodies.clear()


kept = Kept()


def exposition(user: User, *, is_openmetrics: bool) -> bytes:
    """What this person may see, in one of both forms; a right that was taken away counts at once."""
    key = (user.pk, is_openmetrics, frozenset(user.get_all_permissions()))
    return kept.get(key, lambda: _rendered(user, is_openmetrics=is_openmetrics))


def _rendered(user: User, *, is_openmetrics: bool) -> bytes:
    began_s = time.perf_counter()
    gathered = gather(user, at=timezone.now())
    took = Family("dce_exposition_duration_seconds", "gauge", "How long gathering all this took.")
    took.add(round(time.perf_counter() - began_s, 6))
    return render([*gathered, took], is_openmetrics=is_openmetrics)


def gather(
    user: User, *, at: datetime, most_series: int = MOST_SERIES, most_objects: int = MOST_OBJECTS
) -> list[Family]:
    """Every family, at most so many series; two more say how many were left out."""
    objects, left_out = usage.measured(user, at=at, most=most_objects)
    families = [
        *_redis(user),
        *portal.operation_families(user),
        *portal.certificate_families(user, at=at, most=most_objects),
        *portal.remote_write_families(user, at=at),
        *cluster.cluster_families(user),
        *cluster.node_families(user, at=at, most=most_objects),
        *cluster.service_families(user, most=most_objects),
        *registry.registry_families(user, most=most_objects),
        *usage.usage_families(objects),
        *cluster.container_families(user, most=most_objects),
    ]
    kept_families, cut = _within(families, most_series)
    return [*kept_families, *_left_out(series=cut, objects=left_out)]


def _redis(user: User) -> Iterator[Family]:
    up = Family("dce_redis_up", "gauge", "1 while Redis answers.")
    try:
        found = list(portal.redis_families(user))
    except RedisError as error:
        log.warning("figures_unreadable", error=str(error))
        found = []
        up.add(0)
    else:
        up.add(1)
    yield from (up, *found)


def _within(families: list[Family], most: int) -> tuple[list[Family], int]:
    pairs = list(distinct(families, most=most))
    return [family for family, _cut in pairs], sum(cut for _family, cut in pairs)


def _left_out(*, series: int, objects: int) -> tuple[Family, Family]:
    of_series = Family(
        "dce_exposition_series_left_out", "gauge", "Series that were too many, or there twice."
    )
    of_objects = Family(
        "dce_exposition_objects_left_out", "gauge", "Measured objects that were too many."
    )
    of_series.add(series)
    of_objects.add(objects)
    return of_series, of_objects
