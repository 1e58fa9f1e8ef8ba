"""What this thread worked out a moment ago, for as long as the database is exactly as it was.

A client that pushes asks the same several times within a second. A revoked token or grant is a
write, and any write at all forgets everything here: nothing is answered from old rows.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any

from dce_portal.plain_reads import database_state

MOST_KEPT = 512
# Tokens expire without a write, so that an answer grows no older than this.
KEPT_S = 1.0


class _Memory(threading.local):
    """One thread's answers, the state of the database that they are of, and until when."""

    def __init__(self) -> None:
        self.state: tuple[int, int, int] | None = None
        self.until = 0.0
        self.kept: dict[Hashable, Any] = {}


_memory = _Memory()


def recently[T](key: Hashable, work_out: Callable[[], T]) -> T:
    """The answer to `key`; errors are not remembered, nor what was read while rows changed."""
    state = database_state()
    if state is None:
        return work_out()
    now = time.monotonic()
    if state != _memory.state or now > _memory.until or len(_memory.kept) >= MOST_KEPT:
        _memory.state, _memory.until, _memory.kept = state, now + KEPT_S, {}
    if key in _memory.kept:
        found: T = _memory.kept[key]
        return found
    answer = work_out()
    _memory.kept[key] = answer
    return answer
