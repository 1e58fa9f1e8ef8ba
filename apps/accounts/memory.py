"""The cache as sign-in uses it: when it does not answer, sign-in goes on without it and the log says so.

One sign-in asks the cache several times. A cache that hangs is waited for once: after that it
is left alone for some seconds by the whole process, so that waits do not add up.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from django.core.cache import cache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

LEFT_ALONE_S = 10.0

# Until when the cache is not asked, on the clock of time.monotonic.
_left_alone = {"until": 0.0}


def recall(key: str) -> object:
    """The kept value, or None."""
    return _unless_it_hangs(lambda: cache.get(key))


def keep(key: str, value: object, *, for_s: float) -> None:
    """Keep a value for a while."""
    _unless_it_hangs(lambda: cache.set(key, value, timeout=for_s))


def is_first(key: str, *, for_s: float) -> bool:
    """True once in a while for each key; always while the cache is silent."""
    return _unless_it_hangs(lambda: cache.add(key, 1, timeout=for_s)) is not False


def count(key: str, *, for_s: float) -> int:
    """One more, however many count at once; 0 while the cache is silent."""

    def one_more() -> int:
        if not cache.touch(key, for_s):
            cache.add(key, 0, timeout=for_s)
        return cache.incr(key)

    return _unless_it_hangs(one_more) or 0


def forget(key: str) -> None:
    """Drop a value."""
    _unless_it_hangs(lambda: cache.delete(key))


def ask_again() -> None:
    """Forget that the cache did not answer; for tests."""
    _left_alone["until"] = 0.0


def _unless_it_hangs[Kept](ask: Callable[[], Kept]) -> Kept | None:
    if time.monotonic() < _left_alone["until"]:
        return None
    try:
        return ask()
    except RedisError as error:
        _left_alone["until"] = time.monotonic() + LEFT_ALONE_S
        log.warning("sign_in_cache_silent", error=str(error), left_alone_s=LEFT_ALONE_S)
        return None
