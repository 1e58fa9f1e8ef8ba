"""How the live line does: each stream process tells Redis, whoever shows figures reads the sum.

The hash `dce:live:figures` has a field for each process, JSON with the moment `at_s`. A
process that ended is left out once it has been silent for a while: counters then begin
anew, as Prometheus expects of one.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import orjson
import redis
import redis.asyncio
import structlog

from dce_portal import live

if TYPE_CHECKING:
    from dce_portal.live_watcher import Watcher

log = structlog.get_logger(__name__)

FIGURES_KEY = "dce:live:figures"
FRESH_S = 30.0
FORGOTTEN_S = 3600.0
NAMES = ("sockets", "topics", "messages", "conflated", "closed_behind")


@dataclass(slots=True)
class Figures:
    """Counters of a process: messages sent, frames that the slow did not get, lines closed for that."""

    messages: int = 0
    conflated: int = 0
    closed_behind: int = 0

    def count(self, watcher: Watcher) -> None:
        """Add a watcher that leaves."""
        self.messages += watcher.messages
        self.conflated += watcher.conflated

    def of(self, watchers: Collection[Watcher]) -> dict[str, int]:
        """With those who are still there."""
        return {
            "sockets": len(watchers),
            "topics": len({name for watcher in watchers for name in watcher.topics}),
            "messages": self.messages + sum(watcher.messages for watcher in watchers),
            "conflated": self.conflated + sum(watcher.conflated for watcher in watchers),
            "closed_behind": self.closed_behind,
        }


async def tell_figures(client: redis.asyncio.Redis, figures: dict[str, int]) -> None:
    """Keep this process's figures where others find them."""
    process = f"{socket.gethostname()}:{os.getpid()}"
    text = orjson.dumps({"at_s": time.time(), **figures}).decode()
    await client.hset(FIGURES_KEY, process, text)  # type: ignore[misc]  # typed for both clients
    await client.expire(FIGURES_KEY, int(FORGOTTEN_S))


def figures() -> dict[str, int]:
    """The sum over the stream processes that live; zeros when Redis does not answer."""
    sums = dict.fromkeys(NAMES, 0)
    for told in _told():
        for name in NAMES:
            sums[name] += told.get(name, 0)
    return sums


def _told() -> list[dict[str, int]]:
    try:
        found = cast("dict[bytes, bytes]", live.client().hgetall(FIGURES_KEY))
        told = {process: orjson.loads(text) for process, text in found.items()}
        gone = [p.decode() for p, one in told.items() if time.time() - one["at_s"] > FORGOTTEN_S]
        if gone:
            live.client().hdel(FIGURES_KEY, *gone)
    except redis.RedisError as error:
        log.warning("live_figures_unreadable", error=str(error))
        return []
    return [one for one in told.values() if time.time() - one["at_s"] <= FRESH_S]
