"""Which minutes still grow: what is over is summed up once, what gets late rows once more.

A thousand nodes whose minutes all end at once would keep the database busy for seconds, in
which no answer is stored. So the more there are, the further their sums are spread over the
minute that follows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from threading import Lock

from apps.metrics.rollup import MINUTE_S, minute_of

MOST_OWNERS = 10_000
LONGEST_BACK_S = 86_400
OWNERS_A_SECOND = 25
LONGEST_LAG_S = 40


@dataclass(frozen=True, slots=True)
class Over:
    """Minutes to sum up, from the first to before the end, and of which objects."""

    object_ids: frozenset[int]
    first_s: int
    end_s: int


@dataclass(frozen=True, slots=True)
class _Open:
    minute_s: int
    object_ids: frozenset[int] = frozenset()
    later_ids: frozenset[int] = frozenset()
    """Which have rows after it, while its sum waits."""

    @property
    def all_ids(self) -> frozenset[int]:
        return self.object_ids | self.later_ids


def lag_s(owner: int, owners: int) -> int:
    """How long after its end a minute of this one of so many owners is summed up."""
    return owner % (min(owners // OWNERS_A_SECOND, LONGEST_LAG_S) + 1)


@dataclass(slots=True)
class OpenMinutes:
    """The newest minute of each owner (a node, a cluster's totals), and the objects that have rows in it.

    It is lost with the process; then the database tells where the objects' rows ended before.
    """

    lag_s: Callable[[int, int], int] = lag_s
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
        ids = frozenset(object_ids)
        with self._lock:
            before = self._open.pop(owner, None)
            newest = minute_of(newest_s - self.lag_s(owner, len(self._open)))
        known_s = (before.minute_s, before.minute_s) if before else _resumed(ended_s(), oldest_s)
        first_s = min(known_s[0], minute_of(oldest_s))
        end_s = max(newest, known_s[1])
        later_ids = ids if minute_of(newest_s) > end_s else frozenset()
        self._keep(owner, _grown(before, ids, later_ids, minute_s=end_s))
        all_ids = ids | before.all_ids if before else ids
        return Over(all_ids, first_s, end_s) if first_s < end_s else None

    def _keep(self, owner: int, grown: _Open) -> None:
        with self._lock:
            self._open[owner] = grown
            if len(self._open) > MOST_OWNERS:
                del self._open[next(iter(self._open))]

    def forget(self) -> None:
        """As a new process would begin: also after a write that failed."""
        self._open.clear()


def _grown(
    before: _Open | None, ids: frozenset[int], later_ids: frozenset[int], *, minute_s: int
) -> _Open:
    """The open minute with what came; once it is another one, what came after the last is in it."""
    if before is None:
        return _Open(minute_s, ids, later_ids)
    if minute_s == before.minute_s:
        return _Open(minute_s, before.object_ids | ids, before.later_ids | later_ids)
    return _Open(minute_s, before.later_ids | ids, later_ids)


def _resumed(ended_s: tuple[int, int] | None, oldest_s: int) -> tuple[int, int]:
    """The minutes in which an earlier process left off, within a day: the first and the last of its objects'.

    The sum of the minute before may have waited when it ended.
    """
    if ended_s is None:
        return minute_of(oldest_s), minute_of(oldest_s)
    first_s, last_s = ended_s
    return minute_of(max(first_s, oldest_s - LONGEST_BACK_S)) - MINUTE_S, minute_of(last_s)


open_minutes = OpenMinutes()
