"""One browser's live line, whatever carries it: what it asked for, what it may see, what it has.

Messages are described in docs/live.md. The transport feeds `subscribe` and sends what
`messages` yields; it does not know what a frame is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from django.contrib.auth.models import AbstractBaseUser

from dce_portal import live
from dce_portal.live_hub import Hub, Numbered, Watcher

HEARTBEAT_S = 15.0
RECHECK_S = 60.0
# A browser gets at most this many batches a second, so that a slow one is not buried.
SHORTEST_PAUSE_S = 0.25
MOST_TOPICS = 64
LONGEST_TOPIC = 80

PersonFinder = Callable[[], Awaitable[AbstractBaseUser | None]]


@dataclass(slots=True)
class LiveSession:
    """Topics with the last number sent of each; `person` finds the signed-in user anew, or None."""

    hub: Hub
    person: PersonFinder
    sent: dict[str, int] = field(default_factory=dict)
    watcher: Watcher = field(init=False)
    heartbeat_s: float = HEARTBEAT_S
    recheck_s: float = RECHECK_S

    def __post_init__(self) -> None:
        """Join the hub; must be called inside the event loop."""
        self.watcher = self.hub.join()

    async def subscribe(
        self, topics: Sequence[str], since: Mapping[str, int]
    ) -> AsyncIterator[bytes]:
        """Answer for each topic: refused, what was missed, or where it stands."""
        person = await self.person()
        for topic in topics:
            if len(self.sent) >= MOST_TOPICS and topic not in self.sent:
                yield error_message("too_many_topics", topic=topic)
            elif person is None or not await _may_watch(person, topic):
                yield _message(type="refused", topic=topic)
            else:
                yield await self._begin(topic, since.get(topic))

    async def _begin(self, topic: str, since: int | None) -> bytes:
        # Listening first, looking second: a frame in between is in both, and is sent once.
        await self.hub.watch(self.watcher, topic)
        frames = await _ring(topic)
        last = frames[-1]["seq"] if frames else 0
        self.sent[topic] = last
        missed = None if since is None else missed_since(frames, since)
        if missed is not None:
            return _message(type="replay", topic=topic, seq=last, frames=missed)
        return _message(
            type="snapshot", topic=topic, seq=last, frames=frames[-1:], gap=since is not None
        )

    async def messages(self) -> AsyncIterator[bytes]:
        """Everything that happens, until the person is no longer signed in."""
        yield _message(type="hello", heartbeat_s=self.heartbeat_s)
        loop = asyncio.get_running_loop()
        recheck_at = loop.time() + self.recheck_s
        while True:
            async for message in self._next_batch():
                yield message
            if loop.time() < recheck_at:
                continue
            recheck_at = loop.time() + self.recheck_s
            person = await self.person()
            if person is None:
                return
            async for message in self._drop_forbidden(person):
                yield message

    async def _next_batch(self) -> AsyncIterator[bytes]:
        try:
            wait_s = min(self.heartbeat_s, self.recheck_s)
            taken, resync = await asyncio.wait_for(self.watcher.take(), timeout=wait_s)
        except TimeoutError:
            yield _message(type="heartbeat")
            return
        if resync:
            async for message in self._catch_up():
                yield message
        for topic, frame in taken.items():
            if self._is_news(topic, frame):
                self.sent[topic] = frame.seq
                yield b'{"type":"delta",' + frame.raw[1:]
        await asyncio.sleep(SHORTEST_PAUSE_S)

    def _is_news(self, topic: str, frame: Numbered) -> bool:
        return topic in self.sent and frame.seq > self.sent[topic]

    async def _catch_up(self) -> AsyncIterator[bytes]:
        """After a broken subscription: what the ring has beyond the last number sent."""
        for topic, last in list(self.sent.items()):
            frames = await _ring(topic)
            if frames and frames[-1]["seq"] != last:
                yield await self._begin(topic, last)

    async def _drop_forbidden(self, person: AbstractBaseUser) -> AsyncIterator[bytes]:
        for topic in list(self.sent):
            if not await _may_watch(person, topic):
                self.unsubscribe(topic)
                yield _message(type="refused", topic=topic)

    def unsubscribe(self, topic: str) -> None:
        """Send no more of this topic."""
        self.sent.pop(topic, None)
        self.hub.unwatch(self.watcher, topic)

    async def close(self) -> None:
        """Leave the hub."""
        await self.hub.leave(self.watcher)


def missed_since(frames: Sequence[dict[str, Any]], since: int) -> list[dict[str, Any]] | None:
    """The frames after that number; None when some of them are gone, or the numbers began anew."""
    if not frames:
        return None
    first, last = frames[0]["seq"], frames[-1]["seq"]
    if not first - 1 <= since <= last:
        return None
    return [frame for frame in frames if frame["seq"] > since]


def read_topics(value: object) -> list[str]:
    """The topics of a request; ValueError when it has none that could be."""
    if not isinstance(value, list) or not value or len(value) > MOST_TOPICS:
        raise ValueError("topics")
    if not all(isinstance(topic, str) and 0 < len(topic) <= LONGEST_TOPIC for topic in value):
        raise ValueError("topics")
    return list(dict.fromkeys(value))


def read_since(value: object) -> dict[str, int]:
    """The last numbers that the browser has; what is no number is left out."""
    pairs = value.items() if isinstance(value, dict) else ()
    return {
        topic: seq for topic, seq in pairs if isinstance(seq, int) and not isinstance(seq, bool)
    }


def error_message(code: str, **more: object) -> bytes:
    """Something that the browser sent cannot be used."""
    return _message(type="error", code=code, **more)


def _message(**fields: object) -> bytes:
    return orjson.dumps(fields)


async def _ring(topic: str) -> list[dict[str, Any]]:
    return await sync_to_async(live.latest_frames, thread_sensitive=False)(topic)


async def _may_watch(person: AbstractBaseUser, topic: str) -> bool:
    return bool(await database_sync_to_async(live.may_watch)(person, topic))
