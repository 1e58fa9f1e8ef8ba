"""The live line: whoever changes something publishes a frame on a topic, browsers that watch it get it.

Each topic keeps its latest frames in a Redis ring (15 minutes at the usual pace), numbered
from one, so that a browser that was away asks for what it missed. Publishing never fails
the caller: when Redis is away, the pages say that they are late and catch up afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import orjson
import redis
import structlog
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser

log = structlog.get_logger(__name__)

CHANNEL = "dce:live"
RING_FRAMES = 180
RING_TTL_S = 15 * 60
# Long past any page that may still ask for what it missed; containers come and go, numbers must too.
SEQUENCE_TTL_S = 7 * 24 * 3600

# One round trip numbers the frame, keeps it and tells every stream process.
_PUBLISH = """
local seq = redis.call('INCR', KEYS[1])
local frame = '{"seq":' .. seq .. ',"topic":' .. ARGV[1] .. ',"data":' .. ARGV[2] .. '}'
redis.call('RPUSH', KEYS[2], frame)
redis.call('LTRIM', KEYS[2], -tonumber(ARGV[3]), -1)
redis.call('EXPIRE', KEYS[2], ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('PUBLISH', KEYS[3], frame)
return seq
"""


@cache
def client() -> redis.Redis:
    """This process's connection pool to Redis, with a timeout on every call."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


def ring_key(topic: str) -> str:
    """The Redis list that holds a topic's latest frames."""
    return f"dce:live:ring:{topic}"


def sequence_key(topic: str) -> str:
    """The Redis counter that numbers a topic's frames."""
    return f"dce:live:seq:{topic}"


@dataclass(frozen=True, slots=True)
class Frame:
    """What goes out on one topic."""

    topic: str
    data: Mapping[str, Any]


def publish(topic: str, data: Mapping[str, Any]) -> int | None:
    """Number, keep and send one frame; returns its number, or None when Redis did not answer."""
    numbers = publish_many([Frame(topic, data)])
    return numbers[0] if numbers else None


def publish_many(frames: Sequence[Frame]) -> list[int]:
    """The same for many frames in one round trip; empty when Redis did not answer."""
    if not frames:
        return []
    pipeline = client().pipeline(transaction=False)
    for frame in frames:
        keys = [sequence_key(frame.topic), ring_key(frame.topic), CHANNEL]
        arguments: list[bytes | int] = [
            orjson.dumps(frame.topic),
            orjson.dumps(frame.data),
            RING_FRAMES,
            RING_TTL_S,
            SEQUENCE_TTL_S,
        ]
        pipeline.eval(_PUBLISH, len(keys), *keys, *arguments)
    try:
        return cast("list[int]", pipeline.execute())
    except redis.RedisError as error:
        log.warning("live_publish_failed", topics=len(frames), error=str(error))
        return []


Guard = Callable[[Any, str], bool]
_guards: dict[str, Guard] = {}


def register_topic(kind: str, guard: Guard) -> None:
    """Say who may watch topics `kind:ref`: `guard(user, ref)` may ask the database."""
    _guards[kind] = guard


def may_watch(user: AbstractBaseUser, topic: str) -> bool:
    """Whether this person may see what is sent on the topic; unknown kinds are refused."""
    kind, _, ref = topic.partition(":")
    guard = _guards.get(kind)
    return bool(guard is not None and ref and user.is_active and guard(user, ref))


def latest_frames(topic: str) -> list[dict[str, Any]]:
    """A topic's kept frames, oldest first; empty when Redis does not answer."""
    try:
        raw = cast("list[bytes]", client().lrange(ring_key(topic), 0, -1))
    except redis.RedisError as error:
        log.warning("live_ring_unreadable", topic=topic, error=str(error))
        return []
    return [orjson.loads(frame) for frame in raw]
