"""Counts of values in bins that are each two per cent wider than the one before. Pure.

Any quantile comes out within one per cent of the true one, sketches of days and tasks add up
exactly, and a day of a service takes some hundred numbers, however many tasks it has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil, log

GROWTH = 1.02
_LOG_GROWTH = log(GROWTH)

Bins = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Scale:
    """Where the bins begin: what is less than this counts as nothing."""

    least: float

    def bin_of(self, value: float) -> int:
        """The number of the bin that holds the value."""
        return 0 if value < self.least else 1 + int(log(value / self.least) / _LOG_GROWTH)

    def value_of(self, number: int) -> float:
        """The middle of a bin."""
        return 0.0 if number == 0 else float(self.least * GROWTH ** (number - 0.5))

    def quantile(self, bins: Bins, part: float) -> float | None:
        """The value that this part of all values does not exceed; None without any."""
        rank = ceil(part * sum(bins.values()))
        passed = 0
        for number in sorted(bins):
            passed += bins[number]
            if passed >= rank:
                return self.value_of(number)
        return None


CPU = Scale(0.001)
MEMORY = Scale(2.0**16)
SHARE = Scale(0.001)


def added(parts: Iterable[Bins]) -> Counter[int]:
    """Several sketches as one."""
    whole: Counter[int] = Counter()
    for part in parts:
        whole.update(part)
    return whole


def packed(bins: Bins) -> dict[str, int]:
    """As a JSON column keeps it."""
    return {str(number): bins[number] for number in sorted(bins)}


def unpacked(stored: Mapping[str, int]) -> Counter[int]:
    """Out of a JSON column."""
    return Counter({int(number): count for number, count in stored.items()})
