"""One look at a time, whichever worker takes the tick: a key in Redis that lapses by itself."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import redis
import structlog

from dce_portal import live

log = structlog.get_logger(__name__)

KEY = "dce:alerts:looking"
# As long as the task may take: a worker that died frees the way by then.
LAPSES_S = 60
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end"


@contextmanager
def alone() -> Iterator[bool]:
    """Whether this process has the look; without Redis nobody can know, so it looks: the table keeps alerts single."""
    name = secrets.token_hex(8)
    try:
        is_mine = bool(live.client().set(KEY, name, nx=True, ex=LAPSES_S))
    except redis.RedisError as error:
        log.warning("alerts_lock_unknown", error=str(error))
        yield True
        return
    try:
        yield is_mine
    finally:
        if is_mine:
            _release(name)


def _release(name: str) -> None:
    try:
        live.client().eval(_RELEASE, 1, KEY, name)
    except redis.RedisError as error:
        log.warning("alerts_lock_not_released", error=str(error))
