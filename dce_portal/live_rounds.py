"""What a hub does now and then for all browsers at once: heartbeats, the slow, and what is told to Redis.

One round a second over all watchers, in place of timers for each of a thousand.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import redis.asyncio as redis
import structlog
from redis.exceptions import RedisError

from dce_portal.live_figures import tell_figures
from dce_portal.live_topic import dumped
from dce_portal.watched import KEY, REMEMBERED_S, TOLD_EVERY_S, as_scores

if TYPE_CHECKING:
    from dce_portal.live_hub import Hub

log = structlog.get_logger(__name__)

ROUND_S = 1.0
HEARTBEAT_S = 15.0
# Who takes nothing for so long is closed; it comes back and reads what it missed.
MOST_BEHIND_S = 30.0
BEHIND = 4408
# A break that nobody would notice is not told.
LATE_AFTER_S = 3.0
PAUSE_S = 0.2


class Rounds:
    """The hub's regular work."""

    def __init__(self, hub: Hub) -> None:
        """Nothing is done before the hub has a watcher."""
        self.hub = hub
        self.heartbeat_s = HEARTBEAT_S
        self.round_s = ROUND_S
        self.is_news = asyncio.Event()
        self._lost_at_s: float | None = None
        self._is_late = False

    @property
    def is_broken(self) -> bool:
        """Whether Redis was lost and is not back yet: then nobody waits for it."""
        return self._lost_at_s is not None

    def is_lost(self) -> None:
        """The subscription is broken; after a moment everybody is told."""
        if self._lost_at_s is None:
            self._lost_at_s = time.monotonic()

    def is_back(self) -> None:
        """Frames come again, and what was missed has been read."""
        self._lost_at_s = None
        if self._is_late:
            self._is_late = False
            for watcher in self.hub.watchers:
                watcher.say(watcher.numbers())

    def late_message(self) -> str | None:
        """What a browser that comes now is told, where frames do not come."""
        return dumped({"type": "late"}) if self._is_late else None

    async def look(self) -> None:
        """Look at every watcher, round after round."""
        while True:
            await asyncio.sleep(self.round_s)
            self._say_late()
            now_s = asyncio.get_running_loop().time()
            for watcher in list(self.hub.watchers):
                since_s = watcher.sending_since_s
                if since_s is not None and now_s - since_s > MOST_BEHIND_S:
                    self.hub.figures.closed_behind += 1
                    watcher.end(BEHIND, is_stuck=True)
                elif since_s is None and now_s - watcher.said_at_s >= self.heartbeat_s:
                    watcher.said_at_s = now_s
                    watcher.say(self.late_message() or watcher.numbers())

    def _say_late(self) -> None:
        lost_at_s = self._lost_at_s
        if self._is_late or lost_at_s is None or time.monotonic() - lost_at_s < LATE_AFTER_S:
            return
        self._is_late = True
        for watcher in self.hub.watchers:
            watcher.say(dumped({"type": "late"}))

    async def tell(self) -> None:
        """Say which topics are watched, at once when one is new: nodes that are watched are asked each second."""
        client = redis.Redis.from_url(self.hub.url, socket_timeout=2, socket_connect_timeout=2)
        async with client:
            while True:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.is_news.wait(), timeout=TOLD_EVERY_S)
                self.is_news.clear()
                try:
                    await _tell_watched(client, list(self.hub.topics))
                    await tell_figures(client, self.hub.figures.of(self.hub.watchers))
                except (RedisError, OSError) as error:
                    log.warning("watched_not_told", error=str(error))
                await asyncio.sleep(PAUSE_S)


async def _tell_watched(client: redis.Redis, topics: list[str]) -> None:
    if topics:
        await client.zadd(KEY, as_scores(topics))
    await client.zremrangebyscore(KEY, "-inf", time.time() - REMEMBERED_S)
