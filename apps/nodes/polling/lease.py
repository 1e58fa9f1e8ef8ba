"""Which worker polls a shard: a lock in Redis that its holder renews, and another takes when it lapses."""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import cast

import redis
import structlog

from dce_portal import live

log = structlog.get_logger(__name__)

LEASE_S = 15
# A shard is let alone this long before another may have it.
MARGIN_S = 3

# Taken when free, renewed when ours, refused when somebody else's: in one step.
_TAKE_OR_RENEW = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
"""
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end"


class Leases:
    """This process's leases, under a name that no other process has."""

    def __init__(self, client: Callable[[], redis.Redis] = live.client) -> None:
        """Take the way to Redis; nothing is asked yet."""
        self._client = client
        self._name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._held: dict[int, float] = {}
        self._passed_over: Counter[int] = Counter()

    def holds(self, shard: int) -> bool:
        """Take or renew; while Redis does not answer, what was held is held: answers are compared before they count."""
        if self._gives_way(shard):
            return False
        self._passed_over.pop(shard, None)
        try:
            taken = self._run(_TAKE_OR_RENEW, shard, self._name, str(LEASE_S))
        except redis.RedisError as error:
            log.warning("lease_unknown", shard=shard, error=str(error))
            return shard in self._held
        if taken:
            self._held[shard] = time.monotonic()
        else:
            self._held.pop(shard, None)
        return bool(taken)

    def current(self) -> list[int]:
        """The shards that are surely ours still."""
        since_s = time.monotonic() - LEASE_S + MARGIN_S
        return [shard for shard, renewed_s in self._held.items() if renewed_s > since_s]

    def _gives_way(self, shard: int) -> bool:
        """Whoever holds some leaves as many offers of another to those that hold fewer."""
        if shard in self._held or self._passed_over[shard] >= len(self._held):
            return False
        self._passed_over[shard] += 1
        return True

    def release(self) -> None:
        """Give all shards back, so that another worker need not wait."""
        for shard in list(self._held):
            self._held.pop(shard, None)
            try:
                self._run(_RELEASE, shard, self._name)
            except redis.RedisError as error:
                log.warning("lease_not_released", shard=shard, error=str(error))

    def _run(self, script: str, shard: int, *arguments: str) -> int | None:
        call = partial(self._client().eval, script, 1, f"dce:poll:shard:{shard}")
        return cast("int | None", call(*arguments))
