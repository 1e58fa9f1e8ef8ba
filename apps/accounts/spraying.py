"""Slows down one address that tries many names or tokens: few guesses at each stay below every name's own lock-out.

Different names and different tokens are counted, not tries: one client with one wrong credential, however often
it asks, is one. Whoever is locked out then are names that never signed in from there; names that did, and
good tokens, go on, so that one guesser does not put out the others behind the same address.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.conf import settings
from django.utils.translation import ngettext

from apps.accounts import memory, networks
from apps.accounts.audit import record_audit
from apps.accounts.lockout import FREE_TRIES, MEMORY_S, LockedOut, folded, wait_after
from apps.accounts.models import AuditEvent
from apps.accounts.proving import UnknownSecret
from apps.accounts.tokens import digest_of, pepper_of
from dce_portal.operations import Target
from dce_portal.origin import Origin

FREE_NAMES: Final = 10
KNOWN_S: Final = 30 * 86_400.0


def refuse_newcomers(username: str, *, address: str | None) -> None:
    """Raise LockedOut while this address has to wait, unless the name has signed in from there before."""
    seconds = seconds_to_wait(address)
    if seconds and not memory.recall(_known(username, address)):
        raise LockedOut(_sentence(seconds))


def remember(username: str, *, address: str | None) -> None:
    """The name has signed in from there."""
    memory.keep(_known(username, address), 1, for_s=KNOWN_S)


def count_name(username: str, *, address: str | None) -> None:
    """A password was wrong for this name."""
    _count("name", folded(username), address)


@contextmanager
def counted(secret: str, *, address: str | None) -> Iterator[None]:
    """Count a token that is nobody's; while the address has to wait it is told that, and nothing of the token."""
    try:
        yield
    except UnknownSecret as error:
        if seconds := seconds_to_wait(address):
            raise LockedOut(_sentence(seconds)) from error
        _count("secret", secret, address)
        raise


def seconds_to_wait(address: str | None) -> int:
    """How long newcomers and guesses from this address are not looked at; 0 when they are at once."""
    found = memory.recall(place_key(address)) if address else None
    beyond = found - FREE_NAMES if isinstance(found, int) else -1
    if beyond < 0:
        return 0
    last_at = memory.recall(f"{place_key(address)}:last")
    wait_s = wait_after(FREE_TRIES + beyond)
    left_s = last_at + wait_s - time.time() if isinstance(last_at, float) else 0.0
    return int(left_s) + 1 if left_s > 0 else 0


def place_key(address: str | None) -> str:
    """Where an address is counted; an IPv6 /64 is one."""
    return f"accounts:spraying:{_digest('place', networks.neighbourhood(address))}"


def _count(kind: str, what: str, address: str | None) -> None:
    """One more, if it is another one; with no address there is nobody to slow down."""
    if not address:
        return
    key = place_key(address)
    if not memory.is_first(f"{key}:{_digest(kind, what)}", for_s=MEMORY_S):
        return
    memory.keep(f"{key}:last", time.time(), for_s=MEMORY_S)
    names = memory.count(key, for_s=MEMORY_S)
    if names >= FREE_NAMES:
        _tell_once(key, address, names)


def _tell_once(key: str, address: str, names: int) -> None:
    """A line of the audit when the wait begins; not again until an hour went by without a new guess."""
    if memory.is_first(f"{key}:told", for_s=MEMORY_S):
        target, detail = Target("address", "", networks.neighbourhood(address)), {"tried": names}
        record_audit(
            "sign_in.slowed",
            origin=Origin(address=address),
            target=target,
            result=AuditEvent.Result.DENIED,
            detail=detail,
        )
    else:
        memory.keep(f"{key}:told", 1, for_s=MEMORY_S)


def _known(username: str, address: str | None) -> str:
    digest = _digest("known", folded(username), networks.neighbourhood(address))
    return f"accounts:known:{digest}"


def _digest(*parts: str) -> str:
    return digest_of("spraying", *parts, pepper=pepper_of(settings.SECRET_KEY))


def _sentence(seconds: int) -> str:
    return ngettext(
        "Too many names and tokens failed from this address; try again in %(seconds)d second, or use a token.",
        "Too many names and tokens failed from this address; try again in %(seconds)d seconds, or use a token.",
        seconds,
    ) % {"seconds": seconds}
