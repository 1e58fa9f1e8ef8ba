"""What a browser's session remembers of how its person came in, and of who is half-way in."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from django.contrib.auth import HASH_SESSION_KEY
from django.utils.crypto import constant_time_compare

from apps.accounts.models import User
from apps.accounts.security.policy import SIGNED_IN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.contrib.sessions.backends.base import SessionBase

HALF_WAY = "dce_half_way"
HALF_WAY_S = 300.0
MOST_TRIES = 5
# For so long after signing in or confirming, factors may be changed without another question.
FRESH_S = 900.0


@dataclass(frozen=True, slots=True)
class HalfWay:
    """Somebody whose first factor was right; worth nothing but the right to show the second."""

    person: int
    fingerprint: str
    first: str
    next_page: str
    at: float
    tries: int = 0


def keep_half_way(session: SessionBase, person: User, *, first: str, next_page: str) -> None:
    """Remember who is half-way in, under a new key of the session."""
    session.flush()
    fingerprint = person.get_session_auth_hash()
    half_way = HalfWay(person.pk, fingerprint, first, next_page, time.time())
    session[HALF_WAY] = asdict(half_way)
    session.set_expiry(int(HALF_WAY_S))


def half_way_of(session: SessionBase) -> tuple[HalfWay, User] | None:
    """Who is half-way in; nobody after five minutes, five wrong codes or another password."""
    kept = session.get(HALF_WAY)
    half_way = HalfWay(**kept) if isinstance(kept, dict) else None
    if half_way is None or time.time() - half_way.at > HALF_WAY_S or half_way.tries >= MOST_TRIES:
        return None
    person = User.objects.filter(pk=half_way.person, is_active=True).first()
    if person is None or not constant_time_compare(
        person.get_session_auth_hash(), half_way.fingerprint
    ):
        return None
    return half_way, person


def count_try(session: SessionBase, half_way: HalfWay) -> None:
    """One more wrong code."""
    session[HALF_WAY] = asdict(replace(half_way, tries=half_way.tries + 1))


def mark(session: SessionBase, *, first: str, second: str) -> None:
    """Say how the person came in, at this moment."""
    session.pop(HALF_WAY, None)
    session[SIGNED_IN] = {"first": first, "second": second, "at": time.time()}


def how(session: SessionBase) -> str:
    """In one word or two, for lists and the audit."""
    kept = session.get(SIGNED_IN) or {}
    return " + ".join(part for part in (kept.get("first"), kept.get("second")) if part)


def first_of(session: SessionBase) -> str:
    """By which first factor the person came in."""
    return str((session.get(SIGNED_IN) or {}).get("first", ""))


def refresh(session: SessionBase) -> None:
    """The person has just shown once more who they are."""
    session[SIGNED_IN] = {**(session.get(SIGNED_IN) or {}), "at": time.time()}


def is_fresh(session: SessionBase) -> bool:
    """Whether the person has shown who they are a short while ago."""
    kept = session.get(SIGNED_IN) or {}
    return time.time() - float(kept.get("at", 0)) < FRESH_S


def belongs_to(session: Mapping[str, Any], person: User) -> bool:
    """Whether the session was begun with the password that the person has today."""
    told = str(session.get(HASH_SESSION_KEY, ""))
    hashes = (person.get_session_auth_hash(), *person.get_session_auth_fallback_hash())
    return any(constant_time_compare(told, one) for one in hashes)
