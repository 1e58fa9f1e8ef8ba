"""Notes what the token endpoint decided, without a database write in the request.

Notes wait in a Redis list; `apply_events` turns them into audit entries. Without Redis a note
goes to the log alone: a token is not refused for want of its audit entry.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import cast

import orjson
import redis
import structlog

from dce_portal import live

log = structlog.get_logger(__name__)

LIST_KEY = "dce:registry:decisions"
MOST_WAITING = 20_000
BATCH = 500


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


def note(decisions: list[Decision]) -> None:
    """Keep decisions until the worker stores them; beyond a bound the oldest are dropped."""
    if not decisions:
        return
    try:
        waiting = live.client().rpush(LIST_KEY, *(orjson.dumps(one) for one in decisions))
        if cast("int", waiting) > MOST_WAITING:
            live.client().ltrim(LIST_KEY, -MOST_WAITING, -1)
    except redis.RedisError as error:
        for decision in decisions:
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
