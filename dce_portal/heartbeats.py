"""Signs of life of the background processes: when each was last heard of, kept in Redis."""

from __future__ import annotations

import time
from typing import cast

from dce_portal import live

FRESH_S = 20.0
BEAT = "beat"


def key(name: str) -> str:
    """The Redis key that holds the moment, in Unix seconds."""
    return f"dce:heartbeat:{name}"


def record(name: str) -> None:
    """A worker took the tick that beat sent: both are alive."""
    now = time.time()
    live.client().mset({key(name): now, key(BEAT): now})


def started(name: str) -> None:
    """A process began its work: it counts as heard of before its first tick."""
    live.client().set(key(name), time.time())


def age_s(name: str) -> float | None:
    """How long ago the process was heard of; None when it never was."""
    value = cast("bytes | None", live.client().get(key(name)))
    return None if value is None else max(0.0, time.time() - float(value))
