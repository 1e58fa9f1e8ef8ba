"""The browsers in which somebody is signed in: noted, listed and ended.

A row tells of a session, the session itself lets in: whatever deletes the session ends the
row's meaning, so that lists show only what is still alive.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, cast

from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef
from django.utils import timezone

from apps.accounts.audit import record_audit
from apps.accounts.models import BrowserSession, User
from apps.accounts.security import agents, marks
from dce_portal.operations import Target
from dce_portal.origin import Origin, client_address
from dce_portal.storable import storable_text

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase
    from django.http import HttpRequest

NOTED_EVERY_S = 60.0
MOST_REMEMBERED = 10_000
BATCH = 1000
RUN_S = 60.0

# When this process wrote a session's row last, so that a page costs no query for it.
_noted: OrderedDict[str, float] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True, slots=True)
class Browser:
    """One line of the list."""

    pk: int
    name: str
    agent: str
    address: str
    signed_in_by: str
    since: datetime
    last_seen_at: datetime
    is_current: bool


def note(request: HttpRequest) -> None:
    """Write who is here, at most once a minute in each process."""
    key = request.session.session_key
    if key is None or not _is_due(key):
        return
    seen = {
        "owner": cast("User", request.user),
        "address": storable_text(client_address(request) or "")[:64],
        "agent": storable_text(request.headers.get("User-Agent", ""))[:250],
        "signed_in_by": marks.how(request.session)[:64],
        "last_seen_at": timezone.now(),
    }
    BrowserSession.objects.update_or_create(session_key=key, defaults=seen)


def browsers_of(person: User, *, current_key: str | None = None) -> list[Browser]:
    """Where the person is signed in now, the one seen last first; rows of what has ended are dropped."""
    rows = list(BrowserSession.objects.filter(owner=person))
    alive = _alive_keys(person, [row.session_key for row in rows])
    dead = [row.pk for row in rows if row.session_key not in alive]
    if dead:
        BrowserSession.objects.filter(pk__in=dead).delete()
    return [_browser(row, current_key) for row in rows if row.session_key in alive]


def end_browser(person: User, pk: int, *, origin: Origin) -> bool:
    """Sign one browser out; False when it was out already."""
    row = BrowserSession.objects.filter(owner=person, pk=pk).first()
    if row is None:
        return False
    _end([row])
    detail = {"address": row.address, "browser": agents.in_words(row.agent)}
    record_audit("session.end", origin=origin, target=_target(person), detail=detail)
    return True


def end_browsers(person: User, *, but_key: str | None = None, origin: Origin) -> int:
    """Sign out everywhere (else); how many browsers that were."""
    rows = list(BrowserSession.objects.filter(owner=person).exclude(session_key=but_key or ""))
    if rows:
        _end(rows)
        detail = {"browsers": len(rows)}
        record_audit("session.end_all", origin=origin, target=_target(person), detail=detail)
    return len(rows)


def moved(session: SessionBase, *, from_key: str | None) -> None:
    """The session has a new key and is the same browser's."""
    if from_key is not None and session.session_key is not None:
        rows = BrowserSession.objects.filter(session_key=from_key)
        rows.update(session_key=session.session_key)


def drop_ended(*, run_s: float = RUN_S) -> int:
    """Drop the sessions that are over until all are gone or time is up, and rows without a session; how many."""
    over = Session.objects.filter(expire_date__lt=timezone.now())
    until, dropped = time.monotonic() + run_s, 0
    while time.monotonic() < until:
        keys = list(over.values_list("session_key", flat=True)[:BATCH])
        if not keys:
            break
        dropped += Session.objects.filter(session_key__in=keys).delete()[0]
    alive = Session.objects.filter(session_key=OuterRef("session_key"))
    BrowserSession.objects.filter(~Exists(alive)).delete()
    return dropped


def _end(rows: list[BrowserSession]) -> None:
    keys = [row.session_key for row in rows]
    Session.objects.filter(session_key__in=keys).delete()
    BrowserSession.objects.filter(pk__in=[row.pk for row in rows]).delete()


def _alive_keys(person: User, keys: list[str]) -> set[str]:
    sessions = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    return {row.session_key for row in sessions if marks.belongs_to(row.get_decoded(), person)}


def _browser(row: BrowserSession, current_key: str | None) -> Browser:
    return Browser(
        pk=row.pk,
        name=agents.in_words(row.agent),
        agent=row.agent,
        address=row.address,
        signed_in_by=row.signed_in_by,
        since=row.since,
        last_seen_at=row.last_seen_at,
        is_current=row.session_key == current_key,
    )


def _is_due(key: str) -> bool:
    now = time.monotonic()
    with _lock:
        if now - _noted.get(key, -NOTED_EVERY_S) < NOTED_EVERY_S:
            return False
        _noted[key] = now
        _noted.move_to_end(key)
        if len(_noted) > MOST_REMEMBERED:
            _noted.popitem(last=False)
    return True


def _target(person: User) -> Target:
    return Target("user", str(person.pk), person.get_username())
