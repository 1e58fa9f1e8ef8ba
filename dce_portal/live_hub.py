"""The stream process's ear: one Redis subscription, and for each browser the latest frame a topic.

Nothing queues: a browser that reads slowly finds the newest frame of each topic, and the
frame's number tells it what it missed, which the ring still has. When the subscription
breaks, the hub comes back by itself and tells every watcher to look into the ring.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import orjson
import redis.asyncio as redis
import structlog
from django.conf import settings
from redis.exceptions import RedisError

from dce_portal.live import CHANNEL
from dce_portal.watched import KEY, REMEMBERED_S, TOLD_EVERY_S, as_scores

log = structlog.get_logger(__name__)

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0


@dataclass(frozen=True, slots=True)
class Numbered:
    """One frame as Redis sent it, with the number that its topic gave it."""

    seq: int
    raw: bytes


@dataclass(slots=True, eq=False)
class Watcher:
    """One browser: its topics, and the newest frame of each that it has not taken yet."""

    topics: set[str] = field(default_factory=set)
    slots: dict[str, Numbered] = field(default_factory=dict)
    resync: bool = False
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self) -> tuple[dict[str, Numbered], bool]:
        """Wait for news; the newest frame a topic, and whether frames may have been missed."""
        await self.woken.wait()
        self.woken.clear()
        taken, self.slots = self.slots, {}
        resync, self.resync = self.resync, False
        return taken, resync


class Hub:
    """Hands every frame to the watchers of its topic; listens only while there are any."""

    def __init__(self, url: str) -> None:
        """Nothing is opened before the first watcher comes."""
        self.url = url
        self._watchers: dict[str, set[Watcher]] = defaultdict(set)
        self._everyone: set[Watcher] = set()
        self._listening: asyncio.Task[None] | None = None
        self._telling: asyncio.Task[None] | None = None
        self._is_news = asyncio.Event()
        self._subscribed = asyncio.Event()

    def join(self) -> Watcher:
        """A new watcher without topics."""
        watcher = Watcher()
        self._everyone.add(watcher)
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen())
            self._telling = asyncio.create_task(self._tell())
        return watcher

    async def watch(self, watcher: Watcher, topic: str) -> None:
        """From here on the watcher gets the topic's frames; waits a moment for the subscription."""
        watcher.topics.add(topic)
        if not self._watchers[topic]:
            self._is_news.set()
        self._watchers[topic].add(watcher)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._subscribed.wait(), timeout=1)

    def unwatch(self, watcher: Watcher, topic: str) -> None:
        """The watcher gets no more of this topic."""
        watcher.topics.discard(topic)
        watcher.slots.pop(topic, None)
        self._watchers[topic].discard(watcher)
        if not self._watchers[topic]:
            del self._watchers[topic]

    async def leave(self, watcher: Watcher) -> None:
        """Forget the watcher; the last one closes the subscription."""
        for topic in list(watcher.topics):
            self.unwatch(watcher, topic)
        self._everyone.discard(watcher)
        if not self._everyone:
            tasks = [task for task in (self._listening, self._telling) if task is not None]
            self._listening = self._telling = None
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _tell(self) -> None:
        """Say which topics are watched, at once when one is new: nodes that are watched are asked each second."""
        client = redis.Redis.from_url(self.url, socket_timeout=2, socket_connect_timeout=2)
        async with client:
            while True:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._is_news.wait(), timeout=TOLD_EVERY_S)
                self._is_news.clear()
                try:
                    await _tell_watched(client, list(self._watchers))
                except (RedisError, OSError) as error:
                    log.warning("watched_not_told", error=str(error))
                await asyncio.sleep(FIRST_PAUSE_S)

    async def _listen(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                await self._receive()
            except (RedisError, OSError) as error:
                log.warning("live_subscription_lost", error=str(error), retry_in_s=pause_s)
            self._subscribed.clear()
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _receive(self) -> None:
        # No timeout: a quiet subscription is healthy; health checks find a dead one.
        client = redis.Redis.from_url(
            self.url, socket_timeout=None, socket_connect_timeout=2, health_check_interval=15
        )
        async with client, client.pubsub() as subscription:
            await subscription.subscribe(CHANNEL)
            async for message in subscription.listen():
                if message["type"] == "subscribe":
                    self._on_subscribed()
                elif message["type"] == "message":
                    self._deliver(message["data"])

    def _on_subscribed(self) -> None:
        self._subscribed.set()
        for watcher in self._everyone:
            watcher.resync = True
            watcher.woken.set()

    def _deliver(self, raw: bytes) -> None:
        frame = orjson.loads(raw)
        numbered = Numbered(frame["seq"], raw)
        for watcher in self._watchers.get(frame["topic"], ()):
            watcher.slots[frame["topic"]] = numbered
            watcher.woken.set()


async def _tell_watched(client: redis.Redis, topics: list[str]) -> None:
    if topics:
        await client.zadd(KEY, as_scores(topics))
    await client.zremrangebyscore(KEY, "-inf", time.time() - REMEMBERED_S)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of this process's event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub(settings.REDIS_URL)
    return _hubs[loop]
