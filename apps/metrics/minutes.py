"""Which minutes of a node still grow: what is over is summed up once, what gets late rows once more."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from apps.metrics.rollup import minute_of

MOST_NODES = 5000


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
    """The newest minute of each node, and the objects that have rows in it.

    It is lost with the process; then the minute that was open is summed up with the next
    ones, since its first rows are looked for that far back.
    """

    back_s: int = 300
    _open: dict[int, _Open] = field(default_factory=dict)

    def over(
        self, node_pk: int, object_ids: Collection[int], *, oldest_s: int, newest_s: int
    ) -> Over | None:
        """What to sum up now that rows from the oldest to the newest moment are stored."""
        ids, newest = frozenset(object_ids), minute_of(newest_s)
        before = self._open.pop(node_pk, None)
        known = before or _Open(minute_of(oldest_s - self.back_s), frozenset())
        first_s = min(known.minute_s, minute_of(oldest_s))
        all_ids, end_s = ids | known.object_ids, max(newest, known.minute_s)
        is_same = before is not None and end_s == before.minute_s
        self._open[node_pk] = _Open(end_s, all_ids if is_same else ids)
        if len(self._open) > MOST_NODES:
            del self._open[next(iter(self._open))]
        return Over(all_ids, first_s, end_s) if first_s < end_s else None

    def forget(self) -> None:
        """As a new process would begin."""
        self._open.clear()


open_minutes = OpenMinutes()
