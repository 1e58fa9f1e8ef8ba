"""The live line: whoever changes something publishes a frame on a topic, browsers that watch it get it.

Each topic keeps the frames of the last quarter of an hour in a Redis ring, numbered, so that
a browser that was away asks for what it missed. Publishing never fails the caller: when Redis
is away the frames are dropped, and the next one that goes out leaves a hole in the numbers,
by which every page knows to read its history again.
"""

from __future__ import annotations

import time
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
# A frame each second for a quarter of an hour.
RING_FRAMES = 900
RING_TTL_S = 15 * 60
# Long past any page that may still ask for what it missed; containers come and go, numbers must too.
SEQUENCE_TTL_S = 7 * 24 * 3600
# After a Redis that hung: whoever publishes is not to wait for it each time.
QUIET_S = 2.0
MOST_UNSENT = 50_000

# One round trip numbers the frame, keeps it and tells every stream process. A topic's first
# number is the moment in milliseconds, so that numbers only grow even if Redis forgets them.
_PUBLISH = """
local now = redis.call('TIME')
local sent = now[1] * 1000 + math.floor(now[2] / 1000)
redis.call('SET', KEYS[1], string.format('%.0f', sent), 'NX')
local seq = redis.call('INCRBY', KEYS[1], ARGV[6])
local frame = string.format('{"seq":%.0f,"sent":%.0f,"topic":', seq, sent) .. ARGV[1] .. ',"data":' .. ARGV[2] .. '}'
redis.call('RPUSH', KEYS[2], frame)
redis.call('LTRIM', KEYS[2], -tonumber(ARGV[3]), -1)
for _ = 1, 16 do
  local oldest = redis.call('LINDEX', KEYS[2], 0)
  if sent - (string.match(oldest, '"sent":(%d+)') or 0) <= ARGV[4] * 1000 then break end
  redis.call('LPOP', KEYS[2])
end
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


class Unsent:
    """Topics of which this process could not send a frame; their next number leaves a hole."""

    def __init__(self) -> None:
        """Everything went out so far."""
        self._topics: dict[str, None] = {}
        self._quiet_until_s = 0.0

    def step(self, topic: str) -> int:
        """By how much the topic's number grows."""
        return 2 if topic in self._topics else 1

    def is_quiet(self) -> bool:
        """Whether Redis hung a moment ago, so that asking it would only take time."""
        return time.monotonic() < self._quiet_until_s

    def lost(self, topics: Sequence[str], *, is_hanging: bool) -> None:
        """Remember them; the oldest of very many are forgotten."""
        self._topics.update(dict.fromkeys(topics))
        while len(self._topics) > MOST_UNSENT:
            del self._topics[next(iter(self._topics))]
        if is_hanging:
            self._quiet_until_s = time.monotonic() + QUIET_S

    def went_out(self, topics: Sequence[str]) -> None:
        """Their numbers have the hole now."""
        for topic in topics if self._topics else ():
            self._topics.pop(topic, None)


unsent = Unsent()


def publish(topic: str, data: Mapping[str, Any]) -> int | None:
    """Number, keep and send one frame; returns its number, or None when Redis did not answer."""
    numbers = publish_many([Frame(topic, data)])
    return numbers[0] if numbers else None


def publish_many(frames: Sequence[Frame]) -> list[int]:
    """The same for many frames in one round trip; empty when Redis did not answer."""
    topics = list(dict.fromkeys(frame.topic for frame in frames))
    if not topics:
        return []
    if unsent.is_quiet():
        unsent.lost(topics, is_hanging=False)
        return []
    try:
        numbers = cast("list[int]", _pipeline_of(frames).execute())
    except redis.RedisError as error:
        unsent.lost(topics, is_hanging=isinstance(error, redis.TimeoutError))
        log.warning("live_publish_failed", topics=len(topics), error=str(error))
        return []
    unsent.went_out(topics)
    return numbers


def _pipeline_of(frames: Sequence[Frame]) -> redis.client.Pipeline:
    pipeline = client().pipeline(transaction=False)
    steps = {frame.topic: unsent.step(frame.topic) for frame in frames}
    for frame in frames:
        keys = [sequence_key(frame.topic), ring_key(frame.topic), CHANNEL]
        arguments: list[bytes | int] = [
            orjson.dumps(frame.topic),
            orjson.dumps(frame.data),
            RING_FRAMES,
            RING_TTL_S,
            SEQUENCE_TTL_S,
            steps[frame.topic],
        ]
        pipeline.eval(_PUBLISH, len(keys), *keys, *arguments)
        steps[frame.topic] = 1
    return pipeline


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
