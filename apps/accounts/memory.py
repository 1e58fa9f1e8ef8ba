"""The cache as sign-in uses it: when it does not answer, sign-in goes on without it and the log says so."""

from __future__ import annotations

import structlog
from django.core.cache import cache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)


def recall(key: str) -> object:
    """The kept value, or None."""
    try:
        return cache.get(key)
    except RedisError as error:
        log.warning("sign_in_cache_unreadable", error=str(error))
        return None


def keep(key: str, value: object, *, for_s: float) -> None:
    """Keep a value for a while."""
    try:
        cache.set(key, value, timeout=for_s)
    except RedisError as error:
        log.warning("sign_in_cache_unwritable", error=str(error))


def forget(key: str) -> None:
    """Drop a value."""
    try:
        cache.delete(key)
    except RedisError as error:
        log.warning("sign_in_cache_unwritable", error=str(error))
