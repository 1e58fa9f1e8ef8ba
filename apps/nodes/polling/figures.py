"""How long polls took and how many failed, by shard and kind of target; told to Redis now and then."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

BOUNDS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(slots=True)
class _Polls:
    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))
    sum_s: float = 0.0
    failed: int = 0


class PollFigures:
    """Counted in the loop's thread, read in the tick's."""

    def __init__(self) -> None:
        """Nothing was polled yet."""
        self._lock = Lock()
        self._by_shard: dict[int, dict[str, _Polls]] = defaultdict(dict)

    def note(self, shard: int, kind: str, *, took_s: float, has_answered: bool) -> None:
        """One poll ended."""
        with self._lock:
            polls = self._by_shard[shard].setdefault(kind, _Polls())
            polls.counts[bisect_left(BOUNDS_S, took_s)] += 1
            polls.sum_s += took_s
            polls.failed += not has_answered

    def of_shard(self, shard: int) -> dict[str, Any]:
        """What was counted of a shard, for another process to read."""
        with self._lock:
            kinds = {
                kind: {"counts": list(one.counts), "sum_s": one.sum_s, "failed": one.failed}
                for kind, one in self._by_shard[shard].items()
            }
        return {"bounds_s": BOUNDS_S, "kinds": kinds}
