"""Figures over time: pulls a day, bytes a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from apps.registry import selectors
from apps.registry.models import Namespace, PullDay, Repository, SizeDay

PULL_DAYS = 90
SIZE_DAYS = 365


@dataclass(frozen=True, slots=True)
class DayBar:
    """One day's figure, and its share of the largest."""

    day: date
    value: int
    share: float


@dataclass(frozen=True, slots=True)
class Trend:
    """Days without gaps, the oldest first."""

    days: tuple[DayBar, ...]
    total: int

    @property
    def largest(self) -> int:
        """The highest figure of a day."""
        return max((bar.value for bar in self.days), default=0)


def pulls_of(repository: Repository, *, digest: str = "", days: int = PULL_DAYS) -> Trend:
    """Pulls of the repository, or of one manifest of it; a day without any is there with 0."""
    today = timezone.now().date()
    first = today - timedelta(days=days - 1)
    rows = PullDay.objects.filter(repository=repository, digest=digest, day__gte=first)
    counts = dict(rows.values_list("day", "pulls"))
    return _trend(
        {first + timedelta(days=n): counts.get(first + timedelta(days=n), 0) for n in range(days)}
    )


def sizes_of(namespace: Namespace | None, *, days: int = SIZE_DAYS) -> Trend:
    """What was stored on each day that is known: of a namespace, or of the whole registry (None)."""
    first = timezone.now().date() - timedelta(days=days - 1)
    rows = SizeDay.objects.filter(namespace=namespace, day__gte=first).order_by("day")
    return _trend(dict(rows.values_list("day", "stored_bytes")))


def _trend(values: Mapping[date, int]) -> Trend:
    largest = max(values.values(), default=0) or 1
    bars = tuple(DayBar(day, value, value / largest) for day, value in values.items())
    return Trend(bars, sum(values.values()))


def stored_for(user: selectors.Person, namespace: Namespace) -> tuple[int, bool]:
    """What the person may see stored in a namespace, each blob once, and whether that is all of it."""
    if selectors.sees_whole(user, namespace):
        return namespace.stored_bytes, True
    return selectors.bytes_of(
        selectors.repositories_visible_to(user).filter(namespace=namespace)
    ), False


def registry_sizes() -> SizeDay | None:
    """The last figures of the whole registry; None before the first day was kept."""
    return SizeDay.objects.filter(namespace=None).order_by("-day").first()
