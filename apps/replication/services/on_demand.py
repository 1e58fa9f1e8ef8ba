"""Fetches an image into a cache namespace while a client waits for its manifest.

Few wait at the same time, since each of them holds a thread of the web process; an image is fetched
once however many ask for it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import structlog
from django.core.cache import cache as memory
from django.utils.translation import gettext as _

from apps.accounts.services import record_audit
from apps.policies.selectors.facts import refused_to_writers
from apps.policies.services.weighing import Refused
from apps.replication import backends
from apps.replication.models import CacheNamespace
from apps.replication.ports import CopyJob
from apps.replication.rules.choosing import DIGEST, TAG, is_repository, upstream_name
from apps.replication.services.arriving import Upstream
from dce_portal.errors import PortalError
from dce_portal.operations import Target
from dce_portal.origin import Origin

log = structlog.get_logger(__name__)

MOST_AT_ONCE: Final = 3
LONGEST_S: Final = 600.0
POLL_S: Final = 0.5
ABSENT_S: Final = 60
PLACES_KEY: Final = "replication:fetching"


@dataclass(slots=True)
class NotFetched(Exception):
    """Why not, as the registry's own errors are told."""

    message: str
    code: str
    status: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """One image of a cache namespace, and what it is called upstream."""

    cache: CacheNamespace
    repository: str
    source: str
    reference: str

    @property
    def key(self) -> str:
        """Short enough for every cache."""
        text = f"{self.repository}@{self.reference}".encode()
        return f"replication:fetch:{hashlib.sha256(text).hexdigest()[:32]}"

    @property
    def suffix(self) -> str:
        """As it stands behind a name."""
        return f"@{self.reference}" if ":" in self.reference else f":{self.reference}"


def fetch_missing(repository: str, reference: str, *, address: str | None) -> None:
    """Returns once the registry has it; NotFetched where that cannot be."""
    wanted = _wanted(repository, reference)
    if memory.get(f"{wanted.key}:absent"):
        raise _unknown()
    if why := memory.get(f"{wanted.key}:refused"):
        raise NotFetched(why, "DENIED", 403)
    with _place(), _alone(wanted.key) as is_first:
        if is_first:
            _fetch(wanted, address)


def _wanted(repository: str, reference: str) -> Wanted:
    namespace, _slash, rest = repository.partition("/")
    is_name = is_repository(rest) and bool(TAG.fullmatch(reference) or DIGEST.fullmatch(reference))
    found = CacheNamespace.objects.filter(namespace__name=namespace, is_active=True)
    cache = found.select_related("namespace", "remote").first() if is_name else None
    if cache is None:
        raise _unknown()
    source = upstream_name(rest, host=backends.place_of(cache.remote).host)
    return Wanted(cache, repository, source, reference)


def _fetch(wanted: Wanted, address: str | None) -> None:
    try:
        _copy(wanted)
    except Refused as error:
        raise _refused(wanted, error.message, address) from error
    except PortalError as error:
        log.warning("fetch_failed", image=f"{wanted.repository}{wanted.suffix}", why=error.message)
        raise NotFetched(error.message, "UNAVAILABLE", 503) from error
    target = Target("cachenamespace", str(wanted.cache.pk), str(wanted.cache))
    image = {"image": f"{wanted.source}{wanted.suffix}"}
    record_audit(
        "cachenamespace.fetch", origin=Origin(address=address), target=target, detail=image
    )


def _copy(wanted: Wanted) -> None:
    until = time.monotonic() + LONGEST_S
    upstream = Upstream(backends.place_of(wanted.cache.remote), backends.copier())
    takes = upstream.weighed.takes
    with backends.remote_of(wanted.cache.remote) as remote, backends.own_place(takes) as own:
        if remote.digest_of(wanted.source, wanted.reference) is None:
            memory.set(f"{wanted.key}:absent", 1, ABSENT_S)
            raise _unknown()
        source = _admitted(wanted, upstream)
        job = CopyJob(upstream.place, source, own, f"{wanted.repository}{wanted.suffix}")
        upstream.copier.copy(job, is_wanted=lambda: time.monotonic() < until)


def _admitted(wanted: Wanted, upstream: Upstream) -> str:
    """As what it is copied; Refused where a rule or a quota of the namespace keeps it out."""
    tag = "" if ":" in wanted.reference else wanted.reference
    if tag and (why := refused_to_writers(wanted.repository, tag, is_new=True)):
        raise Refused(why)
    return upstream.admitted(wanted.source, wanted.reference, to=wanted.repository, new_tag=tag)


def _refused(wanted: Wanted, why: str, address: str | None) -> NotFetched:
    """Told to whoever asks within the minute, and written once."""
    memory.set(f"{wanted.key}:refused", why, ABSENT_S)
    target = Target("repository", "", f"{wanted.repository}{wanted.suffix}"[:250])
    origin, detail = Origin(address=address), {"reason": why, "method": "fetch"}
    record_audit("registry.refuse", origin=origin, target=target, result="denied", detail=detail)
    return NotFetched(why, "DENIED", 403)


@contextmanager
def _place() -> Iterator[None]:
    """One of the few places; a place that nobody gave back frees itself."""
    for number in range(MOST_AT_ONCE):
        key = f"{PLACES_KEY}:{number}"
        if memory.add(key, 1, timeout=LONGEST_S + 60):
            break
    else:
        message = _("upstream is busy with other images; pull again in a moment")
        raise NotFetched(message, "TOOMANYREQUESTS", 429)
    try:
        yield
    finally:
        memory.delete(key)


@contextmanager
def _alone(key: str) -> Iterator[bool]:
    """True for the one that fetches; the others come back when it has."""
    is_first = memory.add(key, 1, timeout=LONGEST_S + 60)
    until = time.monotonic() + LONGEST_S
    while not is_first and memory.get(key) and time.monotonic() < until:
        time.sleep(POLL_S)
    try:
        yield is_first
    finally:
        if is_first:
            memory.delete(key)


def _unknown() -> NotFetched:
    return NotFetched("manifest unknown", "MANIFEST_UNKNOWN", 404)
