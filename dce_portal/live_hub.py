"""The stream process's ear: one Redis subscription, and each frame written once for all who watch it.

Nothing queues: a browser that reads slowly finds the newest frame of each topic, and the
frame's number tells it what it missed, which the ring still has. When the subscription
breaks, the hub says so, comes back by itself and reads what it missed from the rings.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast
from weakref import WeakKeyDictionary

import redis.asyncio as redis
import structlog
from django.conf import settings
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import RedisError

from dce_portal import live
from dce_portal.live import CHANNEL
from dce_portal.live_figures import Figures
from dce_portal.live_rights import Reviews
from dce_portal.live_rounds import Rounds
from dce_portal.live_topic import Topic, replay_of
from dce_portal.live_watcher import Watcher

log = structlog.get_logger(__name__)

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
# A subscription is silent when nothing happens; a question finds out whether Redis still lives.
ASKED_AFTER_S = 5.0
TIMEOUT_S = 2.0
# The newest of these hold what a page needs first.
FIRST_FRAMES = 8
LARGEST_RING_READ = 4 * 2**20
HEAD = re.compile(rb'\{"seq":\d+,"sent":\d+,"topic":"([^"\\]+)"')


@dataclass(slots=True)
class Reading:
    """Topics' first frames that are being read, and replays, shared by all who ask at once."""

    topics: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    replays: dict[tuple[str, int, int], asyncio.Task[tuple[str, int] | None]] = field(
        default_factory=dict
    )


class Hub:
    """Hands every frame to the watchers of its topic; listens only while there are any."""

    def __init__(self, url: str) -> None:
        """Nothing is opened before the first watcher comes."""
        self.url = url
        self.topics: dict[str, Topic] = {}
        self.figures = Figures()
        self.rounds = Rounds(self)
        self.reviews = Reviews(self)
        self._watchers: set[Watcher] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._reading = Reading()
        self._subscribed = asyncio.Event()

    @property
    def watchers(self) -> set[Watcher]:
        """Every browser of this process."""
        return self._watchers

    def join(self) -> Watcher:
        """A new watcher without topics."""
        watcher = Watcher(asyncio.get_running_loop())
        self._watchers.add(watcher)
        if not self._tasks:
            rounds = (self.rounds.tell(), self.rounds.look(), self.reviews.look())
            parts = (self._listen(), *rounds)
            self._tasks = [asyncio.create_task(part) for part in parts]
        return watcher

    async def watch(self, watcher: Watcher, name: str) -> Topic:
        """From here on the watcher gets the topic's frames; waits a moment for the subscription."""
        topic = self.topics.get(name)
        if topic is None:
            topic = self.topics[name] = Topic(name)
            self.rounds.is_news.set()
        watcher.topics[name] = topic
        # Until it has been answered where the topic stands, it gets none of its frames.
        watcher.sent.pop(name, None)
        topic.watchers.add(watcher)
        if self.rounds.is_broken:
            return topic
        with suppress(TimeoutError):
            await asyncio.wait_for(self._subscribed.wait(), timeout=1)
        if not topic.seq:
            await self._first_frames(topic)
        return topic

    def unwatch(self, watcher: Watcher, name: str) -> None:
        """The watcher gets no more of this topic."""
        topic = watcher.topics.pop(name, None)
        watcher.sent.pop(name, None)
        if topic is None:
            return
        topic.watchers.discard(watcher)
        if not topic.watchers:
            self.topics.pop(name, None)

    async def leave(self, watcher: Watcher) -> None:
        """Forget the watcher; the last one closes the subscription."""
        for name in list(watcher.topics):
            self.unwatch(watcher, name)
        watcher.close()
        self._watchers.discard(watcher)
        self.figures.count(watcher)
        if not self._watchers:
            tasks, self._tasks = self._tasks, []
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def replay(self, topic: Topic, since: int) -> tuple[str, int] | None:
        """What the ring has after that number, and the last number of it; None where some is gone."""
        if self.rounds.is_broken:
            return None
        key = (topic.name, since, topic.seq)
        task = self._reading.replays.get(key)
        if task is None:
            task = asyncio.create_task(self._replay(topic.name, since, topic.seq - since))
            self._reading.replays[key] = task
            task.add_done_callback(lambda _: self._reading.replays.pop(key, None))
        return await asyncio.shield(task)

    async def _replay(self, name: str, since: int, count: int) -> tuple[str, int] | None:
        if not 0 <= count <= live.RING_FRAMES:
            return None
        newest = await self._ring(name, 1)
        if not newest or len(newest[0]) * count > LARGEST_RING_READ:
            return None
        raws = await self._ring(name, count) if count else []
        return await asyncio.to_thread(replay_of, name, raws, since=since)

    async def _first_frames(self, topic: Topic) -> None:
        task = self._reading.topics.get(topic.name)
        if task is None:
            task = asyncio.create_task(self._catch_up(topic))
            self._reading.topics[topic.name] = task
            task.add_done_callback(lambda _: self._reading.topics.pop(topic.name, None))
        await asyncio.shield(task)

    async def _catch_up(self, topic: Topic) -> None:
        """Take what the ring has and the topic has not."""
        count = FIRST_FRAMES
        if topic.seq:
            newest = await self._ring(topic.name, 1)
            found = re.match(rb'\{"seq":(\d+)', newest[0]) if newest else None
            count = min(int(found[1]) - topic.seq, live.RING_FRAMES) if found else 0
        for raw in await self._ring(topic.name, count) if count > 0 else []:
            topic.take(raw)
        for watcher in topic.watchers:
            watcher.wake()

    async def _ring(self, name: str, count: int) -> list[bytes]:
        client = redis.Redis.from_url(
            self.url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S
        )
        async with client:
            try:
                ring = cast(
                    "Awaitable[list[bytes]]", client.lrange(live.ring_key(name), -count, -1)
                )
                return await ring
            except (RedisError, OSError) as error:
                log.warning("live_ring_unreadable", topic=name, error=str(error))
                return []

    async def _listen(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                await self._receive()
            except (RedisError, OSError) as error:
                log.warning("live_subscription_lost", error=str(error), retry_in_s=pause_s)
            if self._subscribed.is_set():
                pause_s = FIRST_PAUSE_S
            self._subscribed.clear()
            self.rounds.is_lost()
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _receive(self) -> None:
        client = redis.Redis.from_url(
            self.url, socket_timeout=None, socket_connect_timeout=TIMEOUT_S
        )
        async with client, client.pubsub() as subscription:
            await asyncio.wait_for(subscription.subscribe(CHANNEL), TIMEOUT_S)
            is_asked = False
            while True:
                message = await subscription.get_message(timeout=ASKED_AFTER_S)
                if message is not None:
                    is_asked = False
                    await self._heard(message)
                elif is_asked:
                    raise ConnectionLost("Redis does not answer.")
                else:
                    is_asked = True
                    await asyncio.wait_for(subscription.ping(), TIMEOUT_S)

    async def _heard(self, message: dict[str, object]) -> None:
        if message["type"] == "message":
            self._deliver(message["data"])  # type: ignore[arg-type]  # a message's data are bytes
        elif message["type"] == "subscribe":
            await self._on_subscribed()

    async def _on_subscribed(self) -> None:
        for topic in list(self.topics.values()):
            await self._catch_up(topic)
        self._subscribed.set()
        self.rounds.is_back()

    def _deliver(self, raw: bytes) -> None:
        found = HEAD.match(raw)
        topic = self.topics.get(found[1].decode()) if found else None
        if topic is None or not topic.take(raw):
            return
        for watcher in topic.watchers:
            watcher.wake()


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of this process's event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub(settings.REDIS_URL)
    return _hubs[loop]
