"""The loop's thread and the database's thread of this process, and what one tick does with them."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import structlog
from django.db import DatabaseError, close_old_connections, connections

from apps.nodes import services
from apps.nodes.polling.agents import AgentBatch
from apps.nodes.polling.asking import Asker, asker_of
from apps.nodes.polling.lease import Leases
from apps.nodes.polling.poller import Poller
from apps.nodes.polling.standalone import standalone_asker_of
from apps.nodes.polling.watching import Watching
from apps.nodes.selectors import PollTarget, poll_targets
from dce_portal import figures

log = structlog.get_logger(__name__)

SYNC_EVERY_S = 3.0
ADOPT_EVERY_S = 60.0
STOP_TIMEOUT_S = 5.0
SWITCH_INTERVAL_S = 0.001


class Runtime:
    """One event loop in a thread of its own, and one thread that writes to the database."""

    def __init__(self) -> None:
        """Start the loop."""
        self.leases = Leases()
        self._loop = asyncio.new_event_loop()
        self._database = ThreadPoolExecutor(max_workers=1, thread_name_prefix="poll-database")
        self._thread = threading.Thread(target=self._loop.run_forever, name="poll", daemon=True)
        self._batch = AgentBatch(self._in_database)
        self._poller = Poller(self._open_asker, room=self._batch.room)
        self._watching = Watching()
        self._synced_at_s: dict[int, float] = {}
        self._adopted_at_s: float | None = None
        # The loop gives way at each read of a socket; at the usual 5 ms it would wait half a second
        # for each hundred reads while the database's thread computes.
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        self._thread.start()

    def tick(self, *, shard: int, shards: int) -> None:
        """Hold the shard's lease, keep its targets up to date; start what is due of all that are held.

        With several workers each gets as many ticks as there are shards for it, but not always its own.
        """
        if self.leases.holds(shard):
            self._refresh(shard, shards)
        else:
            self._synced_at_s.pop(shard, None)
            self._loop.call_soon_threadsafe(self._poller.forget, shard)
        for held in self.leases.current():
            self._loop.call_soon_threadsafe(self._poller.start_due, held)

    def _refresh(self, shard: int, shards: int) -> None:
        targets = self._fresh_targets(shard, shards)
        if targets is not None:
            self._loop.call_soon_threadsafe(self._poller.sync, shard, targets)
        self._loop.call_soon_threadsafe(self._poller.watch, self._watched())

    def stop(self) -> None:
        """Close the connections, give the leases back, end both threads."""
        stopping = asyncio.run_coroutine_threadsafe(self._close(), self._loop)
        try:
            stopping.result(timeout=STOP_TIMEOUT_S)
        except TimeoutError:
            log.warning("poll_stop_took_too_long")
        self.leases.release()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=STOP_TIMEOUT_S)
        if not self._thread.is_alive():
            self._loop.close()
        self._database.submit(connections.close_all)
        self._database.shutdown(wait=True)

    async def _close(self) -> None:
        await self._poller.stop()
        await self._batch.close()

    def _open_asker(self, target: PollTarget) -> Asker:
        return standalone_asker_of(target, in_database=self._in_database) or asker_of(
            target, in_database=self._in_database, hurry=self._poller.hurry, batch=self._batch
        )

    def _watched(self) -> frozenset[int]:
        try:
            return self._watching.endpoints()
        except DatabaseError as error:
            log.warning("watched_unreadable", error=str(error))
            return frozenset()

    async def _in_database[Result](self, work: Callable[[], Result]) -> Result:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._database, _with_fresh_connection, work)

    def _fresh_targets(self, shard: int, shards: int) -> list[PollTarget] | None:
        """The shard's targets now and then; None when they were read a moment ago, or cannot be read."""
        now_s = time.monotonic()
        if now_s - self._synced_at_s.get(shard, -SYNC_EVERY_S) < SYNC_EVERY_S:
            return None
        try:
            self._adopt(now_s)
            targets = list(poll_targets(shard=shard, shards=shards))
        except DatabaseError as error:
            log.warning("targets_unreadable", shard=shard, error=str(error))
            return None
        self._synced_at_s[shard] = now_s
        figures.tell_polls(shard, self._poller.figures.of_shard(shard))
        return targets

    def _adopt(self, now_s: float) -> None:
        """Take the settings' engines on at the first tick, and look again each minute; so for what lost its address."""
        if self._adopted_at_s is None or now_s - self._adopted_at_s >= ADOPT_EVERY_S:
            services.adopt_configured_engines()
            services.mark_unasked()
            self._adopted_at_s = now_s


def _with_fresh_connection[Result](work: Callable[[], Result]) -> Result:
    close_old_connections()
    try:
        return work()
    finally:
        close_old_connections()


@cache
def _runtime() -> Runtime:
    return Runtime()


def tick(*, shard: int, shards: int) -> None:
    """What beat's tick does in the poll worker."""
    _runtime().tick(shard=shard, shards=shards)


def stop() -> None:
    """End polling in this process; a later tick starts it anew."""
    if _runtime.cache_info().currsize:
        _runtime().stop()
        _runtime.cache_clear()
