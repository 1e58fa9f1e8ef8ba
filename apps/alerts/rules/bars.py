"""An hour of figures as a line of blocks, for ways that carry text alone. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
GAP = "·"
Values = Sequence[float | None]


def bars(values: Values, *, width: int = 24) -> str:
    """The figures from zero, or from their least where they stay far above it; a gap is a dot, not a zero."""
    columns = columns_of(values, width=width)
    known = [value for value in columns if value is not None]
    if not known:
        return ""
    low, high = floor_of(known), max(known)
    return "".join(GAP if value is None else _block(value, low, high) for value in columns)


def columns_of(values: Values, *, width: int) -> list[float | None]:
    """The highest figure of each of `width` even parts."""
    if len(values) <= width:
        return list(values)
    edges = [round(index * len(values) / width) for index in range(width + 1)]
    return [_highest(values[begin:end]) for begin, end in itertools.pairwise(edges)]


def floor_of(known: Sequence[float]) -> float:
    """Where the picture's foot is: zero, unless all that moves would be lost at the top."""
    low, high = min(known), max(known)
    return low - (high - low) if low > 0 and high - low < high / 4 else min(0.0, low)


def _highest(values: Values) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _block(value: float, low: float, high: float) -> str:
    if high <= low:
        return BLOCKS[0]
    return BLOCKS[min(len(BLOCKS) - 1, int((value - low) / (high - low) * len(BLOCKS)))]
