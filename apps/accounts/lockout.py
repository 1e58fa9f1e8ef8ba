"""Slows down guessing: after a few wrong passwords for a name from an address, each further try must wait longer.

Clients repeat themselves (containerd sends the same wrong password by POST and then by GET),
so the same credential failing again within seconds counts once.
"""

from __future__ import annotations

import time
import unicodedata

from django.conf import settings
from django.utils.translation import ngettext

from apps.accounts import memory, networks
from apps.accounts.tokens import digest_of, pepper_of
from dce_portal.errors import NotAuthenticated

FREE_TRIES = 5
SAME_TRY_S = 10.0
LONGEST_WAIT_S = 900.0
MEMORY_S = 3600.0
# Marks on letters, signs of format, control characters: directories leave them out of a comparison.
NOT_TOLD_APART = frozenset({"Mn", "Cf", "Cc"})
KEPT = "\0\t\n\r"


class LockedOut(NotAuthenticated):
    """Too many wrong passwords; the sentence says how long to wait."""

    code = "locked_out"


def wait_after(failures: int) -> float:
    """Seconds until the next try is looked at: none for the first few, then doubling."""
    if failures < FREE_TRIES:
        return 0.0
    return float(min(LONGEST_WAIT_S, 2.0 ** min(failures - FREE_TRIES + 1, 16)))


def refuse_if_locked(username: str, *, address: str | None) -> bool:
    """Raise LockedOut while the name has to wait at this address; else whether it has failed before."""
    failures = _failures(username, address)
    seconds = _seconds_left(failures, username, address)
    if seconds:
        raise LockedOut(
            ngettext(
                "Too many wrong passwords for this user name from this address; try again in %(seconds)d second.",
                "Too many wrong passwords for this user name from this address; try again in %(seconds)d seconds.",
                seconds,
            )
            % {"seconds": seconds}
        )
    return failures > 0


def seconds_to_wait(name: str, *, address: str | None) -> int:
    """How long the next try is not looked at; 0 when it is at once."""
    return _seconds_left(_failures(name, address), name, address)


def count_failure(username: str, secret: str, *, address: str | None) -> bool:
    """Remember a wrong password; False when it is only the last one repeated.

    Many may fail at once: each of them counts, which reading and writing back would not do.
    """
    key = _key(username, address)
    digest = digest_of("try", secret, pepper=pepper_of(settings.SECRET_KEY))
    if not memory.is_first(f"{key}:{digest}", for_s=SAME_TRY_S):
        return False
    memory.keep(f"{key}:last", time.time(), for_s=MEMORY_S)
    memory.count(key, for_s=MEMORY_S)
    return True


def forget_failures(username: str, *, address: str | None) -> None:
    """Start afresh after a right password."""
    memory.forget(_key(username, address))


def _seconds_left(failures: int, username: str, address: str | None) -> int:
    """The last failure is asked for only where it makes a difference."""
    wait_s = wait_after(failures)
    last_at = memory.recall(f"{_key(username, address)}:last") if wait_s else None
    left_s = last_at + wait_s - time.time() if isinstance(last_at, float) else 0.0
    return int(left_s) + 1 if left_s > 0 else 0


def _failures(username: str, address: str | None) -> int:
    kept = memory.recall(_key(username, address))
    return kept if isinstance(kept, int) else 0


def _key(username: str, address: str | None) -> str:
    pepper = pepper_of(settings.SECRET_KEY)
    place = networks.neighbourhood(address)
    digest = digest_of("lockout", folded(username), place, pepper=pepper)
    return f"accounts:failures:{digest}"


def folded(username: str) -> str:
    """One for all spellings that a directory may take for one name: case, width, accents, blanks, what is not seen.

    NUL stays, as the mark of what is no user name.
    """
    letters = unicodedata.normalize("NFKD", username).casefold()
    seen = (
        one for one in letters if one in KEPT or unicodedata.category(one) not in NOT_TOLD_APART
    )
    return " ".join("".join(seen).split())
