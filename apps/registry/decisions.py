"""Notes what the token endpoint decided, with neither a database write nor a round trip in the request.

Notes of a moment go to a Redis list together, and `apply_events` turns them into audit entries.
Without Redis a note goes to the log alone: a token is not refused for want of its audit entry.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import cast

import orjson
import redis
import structlog

from dce_portal import live

log = structlog.get_logger(__name__)

LIST_KEY = "dce:registry:decisions"
MOST_WAITING = 20_000
BATCH = 500
# A process that is killed loses no more than what it noted in this time.
GATHER_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One answer of the token endpoint that is worth an audit entry."""

    action: str
    result: str
    username: str
    address: str
    credential: str
    resource: str = ""
    requested: tuple[str, ...] = ()
    granted: tuple[str, ...] = ()
    reason: str = ""
    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat())


class _Outbox:
    """What this process noted and has not sent yet; a thread of its own sends it."""

    def __init__(self) -> None:
        self._waiting: deque[Decision] = deque(maxlen=MOST_WAITING)
        self._filled = threading.Event()
        threading.Thread(target=self._work, name="registry-decisions", daemon=True).start()
        atexit.register(self.send)

    def add(self, decisions: Sequence[Decision]) -> None:
        """Leave notes for the thread; beyond a bound the oldest are dropped."""
        self._waiting.extend(decisions)
        self._filled.set()

    def send(self) -> None:
        """Send all that waits, now."""
        while batch := self._next():
            _send(batch)

    def _next(self) -> list[Decision]:
        batch: list[Decision] = []
        while self._waiting and len(batch) < BATCH:
            batch.append(self._waiting.popleft())
        return batch

    def _work(self) -> None:
        while True:
            self._filled.wait()
            time.sleep(GATHER_S)
            self._filled.clear()
            try:
                self.send()
            except Exception:
                log.exception("registry_decisions_lost")


@cache
def _outbox() -> _Outbox:
    return _Outbox()


def note(decisions: Sequence[Decision]) -> None:
    """Keep decisions until the worker stores them."""
    if decisions:
        _outbox().add(decisions)


def flush() -> None:
    """Send what this process noted, without waiting for its turn."""
    _outbox().send()


def _send(batch: Sequence[Decision]) -> None:
    try:
        waiting = live.client().rpush(LIST_KEY, *(orjson.dumps(one) for one in batch))
        if cast("int", waiting) > MOST_WAITING:
            live.client().ltrim(LIST_KEY, -MOST_WAITING, -1)
    except redis.RedisError as error:
        for decision in batch:
            log.warning("registry_decision", error=str(error), **asdict(decision))


def take() -> list[Decision]:
    """Remove and return the next notes, oldest first; none when Redis does not answer."""
    try:
        raw = cast("list[bytes] | None", live.client().lpop(LIST_KEY, BATCH))
    except redis.RedisError as error:
        log.warning("registry_decisions_unreadable", error=str(error))
        return []
    return [_loaded(item) for item in raw or ()]


def _loaded(raw: bytes) -> Decision:
    fields = orjson.loads(raw)
    lists = {name: tuple(fields.get(name, ())) for name in ("requested", "granted")}
    fields.pop("actions", None)  # as it was written before an upgrade
    return Decision(**{**fields, **lists})
