"""What a webhook's message looks like, what an answer means, and when to try again; pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

import orjson

WAITS_S: Final = (10, 60, 300, 1800, 7200, 21_600)
MOST_ATTEMPTS: Final = len(WAITS_S) + 1
LONGEST_WAIT_S: Final = 21_600
# Of the answers that refuse, these say nothing about the message itself.
RETRIED_STATUSES: Final = frozenset({408, 425, 429})
CLOSED: Final = "address"
SWITCHED_OFF: Final = "off"
OWN_FAULT: Final = "portal"
FOR_GOOD: Final = frozenset({CLOSED, SWITCHED_OFF})


def body_of(facts: Mapping[str, Any]) -> bytes:
    """The JSON as it is sent; equal facts give equal bytes, so that every attempt signs the same."""
    return orjson.dumps(dict(facts), option=orjson.OPT_SORT_KEYS)


def signature_of(key: str, body: bytes, *, moment: str) -> str:
    """A digest over moment and body, so that nobody can replay an old message as a new one."""
    digest = hmac.new(key.encode(), moment.encode() + b"." + body, hashlib.sha256)
    return f"sha256={digest.hexdigest()}"


def matches(patterns: str, repository: str) -> bool:
    """Whether an event about this repository, or namespace, is wanted."""
    names = (repository, f"{repository}/") if "/" not in repository else (repository,)
    return any(fnmatchcase(name, one) for one in patterns.split() for name in names)


def is_taken(status: int | None) -> bool:
    """Whether the receiver took it."""
    return status is not None and 200 <= status < 300


def next_wait_s(
    *, attempts: int, status: int | None, problem: str, retry_after_s: float | None = None
) -> float | None:
    """Seconds until the next attempt after so many; None gives up."""
    refused = (
        status is not None and 300 <= status < 500 and status not in RETRIED_STATUSES
    ) or problem in FOR_GOOD
    if refused or attempts >= MOST_ATTEMPTS:
        return None
    own = float(WAITS_S[max(attempts - 1, 0)])
    return min(max(own, retry_after_s or 0.0), float(LONGEST_WAIT_S))
