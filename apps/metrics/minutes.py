"""Which minutes still grow: what is over is summed up once, what gets late rows once more."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from threading import Lock

from apps.metrics.rollup import minute_of

MOST_OWNERS = 10_000
LONGEST_BACK_S = 86_400


@dataclass(frozen=True, slots=True)
class Over:
    """Minutes to sum up, from the first to before the end, and of which objects."""

    object_ids: frozenset[int]
    first_s: int
    end_s: int


@dataclass(frozen=True, slots=True)
class _Open:
    minute_s: int
    object_ids: frozenset[int]


@dataclass(slots=True)
class OpenMinutes:
    """The newest minute of each owner (a node, a cluster's totals), and the objects that have rows in it.

    It is lost with the process; then the database tells where the objects' rows ended before.
    """

    _open: dict[int, _Open] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def over(
        self,
        owner: int,
        object_ids: Collection[int],
        *,
        oldest_s: int,
        newest_s: int,
        ended_s: Callable[[], tuple[int, int] | None] = lambda: None,
    ) -> Over | None:
        """What to sum up now that rows from the oldest to the newest moment are stored."""
        ids, newest = frozenset(object_ids), minute_of(newest_s)
        with self._lock:
            before = self._open.pop(owner, None)
        known_s = (before.minute_s, before.minute_s) if before else _resumed(ended_s(), oldest_s)
        first_s = min(known_s[0], minute_of(oldest_s))
        all_ids = ids | before.object_ids if before else ids
        end_s = max(newest, known_s[1])
        is_same = before is not None and end_s == before.minute_s
        with self._lock:
            self._open[owner] = _Open(end_s, all_ids if is_same else ids)
            if len(self._open) > MOST_OWNERS:
                del self._open[next(iter(self._open))]
        return Over(all_ids, first_s, end_s) if first_s < end_s else None

    def forget(self) -> None:
        """As a new process would begin: also after a write that failed."""
        self._open.clear()


def _resumed(ended_s: tuple[int, int] | None, oldest_s: int) -> tuple[int, int]:
    """The minutes in which an earlier process left off, within a day: the first and the last of its objects'."""
    if ended_s is None:
        return minute_of(oldest_s), minute_of(oldest_s)
    first_s, last_s = ended_s
    return minute_of(max(first_s, oldest_s - LONGEST_BACK_S)), minute_of(last_s)


open_minutes = OpenMinutes()
