"""The last 15 minutes: ticks and changes in one order, so that one number tells where a reader is."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from .rates import Table

KEPT_S = 900.0
KEPT_VALUES = 1_000_000  # 8 MB
CHANGE_WEIGHT = 100  # values; about what a container's description takes


@dataclass(frozen=True, slots=True)
class Tick:
    """All tables at one moment."""

    at_s: float
    """On the monotonic clock."""
    unix_ms: int
    interval_ms: int | None
    """Since the tick before; None for the first."""
    tables: Mapping[str, Table]

    @property
    def weight(self) -> int:
        """How many values it holds."""
        return sum(len(table.values) for table in self.tables.values())


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened on the engine, or a difference of its lists."""

    at_s: float
    unix_ms: int
    kind: str
    detail: Mapping[str, Any]

    @property
    def weight(self) -> int:
        """What it counts for beside values."""
        return CHANGE_WEIGHT


Entry = Tick | Change


@dataclass(frozen=True, slots=True)
class Slice:
    """What a reader has not seen yet, as far as one answer goes."""

    cursor: str
    """What to ask with next time."""
    first_number: int
    entries: tuple[Entry, ...]
    reset: bool
    """The reader has missed something, or is new: this begins with the oldest that is kept."""
    more: bool


@dataclass(slots=True)
class Ring:
    """Numbers what happens from 1 and forgets the oldest by age and by size."""

    kept_s: float = KEPT_S
    kept_values: int = KEPT_VALUES
    boot: str = field(default_factory=lambda: secrets.token_hex(8))
    """Another one each start, since the numbers begin anew with it."""
    _entries: deque[Entry] = field(default_factory=deque)
    _last: int = 0
    _weight: int = 0

    @property
    def last(self) -> int:
        """The newest entry's number."""
        return self._last

    def __iter__(self) -> Iterator[Entry]:
        """Oldest first."""
        return iter(self._entries)

    def append(self, entry: Entry) -> None:
        """Add the newest; what is too old or too much goes."""
        self._entries.append(entry)
        self._last += 1
        self._weight += entry.weight
        while len(self._entries) > 1 and self._is_full(entry.at_s):
            self._weight -= self._entries.popleft().weight

    def since(self, cursor: str, *, limit_values: int) -> Slice:
        """What came after a cursor: at least one entry where there is one, then up to a limit."""
        seen = self._seen(cursor)
        oldest = self._last - len(self._entries)
        start = oldest if seen is None else seen
        entries = tuple(self._within(start - oldest, limit_values))
        end = start + len(entries)
        return Slice(f"{self.boot}:{end}", start + 1, entries, seen is None, end < self._last)

    def _seen(self, cursor: str) -> int | None:
        """The number in a cursor; None for one of another boot, too old, not ours or absent."""
        boot, _, text = cursor.partition(":")
        if boot != self.boot or not (text.isascii() and text.isdecimal()):
            return None
        number = int(text[:20])
        return number if self._last - len(self._entries) <= number <= self._last else None

    def _within(self, skipped: int, limit: int) -> Iterator[Entry]:
        taken = 0
        for entry in islice(self._entries, skipped, None):
            if taken and taken + entry.weight > limit:
                return
            taken += entry.weight
            yield entry

    def _is_full(self, now_s: float) -> bool:
        return self._weight > self.kept_values or now_s - self._entries[0].at_s > self.kept_s
