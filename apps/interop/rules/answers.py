"""What a receiver's answer means for what was sent, and when to try again; pure."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Final

FIRST_PAUSE_S: Final = 5.0
LONGEST_PAUSE_S: Final = 300.0
TOO_MANY = 429
# These say nothing about the samples, but about the address or the credential: dropping would lose
# what a corrected password brings in.
NOT_ABOUT_SAMPLES: Final = frozenset({401, 402, 403, 404, 405, 407, 408, 410})


class Verdict(Enum):
    """What becomes of a request's samples."""

    TAKEN = "taken"
    LATER = "later"
    REFUSED = "refused"
    HELD = "held"


def verdict_of(status: int) -> Verdict:
    """By the status: what is refused for itself is never sent again, everything else waits."""
    if 200 <= status < 300:
        return Verdict.TAKEN
    if status in NOT_ABOUT_SAMPLES or 300 <= status < 400:
        return Verdict.HELD
    return Verdict.REFUSED if 400 <= status < 500 and status != TOO_MANY else Verdict.LATER


def pause_s(failures: int, *, retry_after_s: float | None) -> float:
    """How long to wait after so many failures in a row; longer where the receiver asks for it."""
    own = FIRST_PAUSE_S * float(1 << min(max(failures - 1, 0), 10))
    return min(max(own, retry_after_s or 0.0), LONGEST_PAUSE_S)


def seconds_of(retry_after: str | None, *, now_s: float) -> float | None:
    """A Retry-After header, in seconds or as a date; None when it says neither."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after[:9])
    try:
        return max(parsedate_to_datetime(retry_after).timestamp() - now_s, 0.0)
    except (TypeError, ValueError):
        return None
