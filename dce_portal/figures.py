"""The portal's own counters, kept in Redis so that every process adds to them and one answer shows them.

Counting never fails or delays what is counted: where Redis is away, the count is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

import orjson
import redis
import structlog

from dce_portal import live

log = structlog.get_logger(__name__)

DROPPED = "dce:figures:dropped"
POLLS = "dce:figures:polls"
LIVE = "dce:live:figures"
# A stream process tells its figures every five seconds.
LIVE_FRESH_S = 30.0


def count_dropped(reason: str, count: int) -> None:
    """So many samples were not taken, for this reason."""
    if count <= 0:
        return
    try:
        live.client().hincrby(DROPPED, reason, count)
    except redis.RedisError as error:
        log.warning("dropped_not_counted", reason=reason, count=count, error=str(error))


def tell_polls(shard: int, figures: Mapping[str, Any]) -> None:
    """What the holder of a shard has counted since it started."""
    try:
        live.client().hset(POLLS, str(shard), orjson.dumps(figures).decode())
    except redis.RedisError as error:
        log.warning("polls_not_told", shard=shard, error=str(error))


def numbers_of(key: str) -> dict[str, float]:
    """The numbers of a hash by field; what is none is left out. Raises RedisError."""
    found = cast("dict[bytes, bytes]", live.client().hgetall(key))
    pairs = ((field.decode(errors="replace"), _number(value)) for field, value in found.items())
    return {field: value for field, value in pairs if value is not None}


def live_sums(*, now_s: float) -> dict[str, float]:
    """What the stream processes told lately, summed up; empty where none did. Raises RedisError."""
    sums: dict[str, float] = {}
    for text in cast("dict[bytes, bytes]", live.client().hgetall(LIVE)).values():
        told = _told(text)
        if now_s - told.pop("at_s", 0.0) <= LIVE_FRESH_S:
            for name, value in told.items():
                sums[name] = sums.get(name, 0.0) + value
    return sums


def _told(text: bytes) -> dict[str, float]:
    try:
        told = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    found = told.items() if isinstance(told, dict) else ()
    return {name: float(value) for name, value in found if isinstance(value, int | float)}


def polls_of(shards: int) -> list[dict[str, Any]]:
    """What the holders of these shards told last. Raises RedisError."""
    fields = [str(shard) for shard in range(shards)]
    found = cast("list[bytes | None]", live.client().hmget(POLLS, fields))
    return [orjson.loads(one) for one in found if one]


def queue_lengths(queues: Iterable[str]) -> dict[str, int]:
    """How many messages wait in each of Celery's queues. Raises RedisError."""
    names = sorted(queues)
    pipeline = live.client().pipeline(transaction=False)
    for name in names:
        pipeline.llen(name)
    return dict(zip(names, cast("list[int]", pipeline.execute()), strict=True))


def _number(value: bytes) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None
