"""Turn two readings of counters into rates, and a reset into a gap."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import isnan, nan

from .schema import Kind, Reading, Schema

SHORTEST_INTERVAL_S = 0.01


@dataclass(frozen=True, slots=True)
class Table:
    """One table at one moment: a row a key, flat, so that 15 minutes of it stay small."""

    keys: tuple[str, ...]
    values: array[float]
    """Row after row, NaN where there is no figure."""


class RateKeeper:
    """Remembers one table's last readings; what was not read this time starts anew next time."""

    def __init__(self, schema: Schema) -> None:
        """Begin with nothing known."""
        self._turners = [_turner(column.kind) for column in schema.columns]
        self._shares = [i for i, column in enumerate(schema.columns) if column.kind is Kind.SHARE]
        self._last: dict[str, Reading] = {}
        self._keys: tuple[str, ...] = ()

    def start(self, reading: Reading) -> None:
        """Say where a thing's counters began, so that its first tick has rates already."""
        self._last[reading.key] = reading

    def turn(self, readings: Iterable[Reading]) -> Table:
        """Make this moment's table."""
        values: array[float] = array("d")
        now: dict[str, Reading] = {}
        for reading in readings:
            values.extend(self._row(self._last.get(reading.key), reading))
            now[reading.key] = reading
        self._last = now
        keys = tuple(now)
        if keys != self._keys:  # else the one tuple serves all ticks
            self._keys = keys
        return Table(self._keys, values)

    def _row(self, before: Reading | None, now: Reading) -> list[float]:
        earlier = _comparable(before, now)
        interval_s = now.at_s - earlier.at_s if earlier else nan
        old = earlier.values if earlier else (nan,) * len(now.values)
        row = [
            turn(last, value, interval_s)
            for turn, last, value in zip(self._turners, old, now.values, strict=True)
        ]
        self._fill_shares(row)
        return row

    def _fill_shares(self, row: list[float]) -> None:
        """Make shares of growths: waiting for I/O may run backwards a little, which is no growth."""
        total = sum(row[i] for i in self._shares if row[i] > 0)
        for i in self._shares:
            known = total > 0 and not isnan(row[i])
            row[i] = max(row[i], 0.0) / total if known else nan


def _comparable(before: Reading | None, now: Reading) -> Reading | None:
    """The earlier reading, where the counters go on from it."""
    if before is None or before.epoch != now.epoch:
        return None
    return before if now.at_s - before.at_s >= SHORTEST_INTERVAL_S else None


def _turner(kind: Kind) -> Callable[[float, float, float], float]:
    return {Kind.GAUGE: _as_read, Kind.RATE: _rate, Kind.SHARE: _growth}[kind]


def _as_read(_last: float, now: float, _interval_s: float) -> float:
    return now


def _rate(last: float, now: float, interval_s: float) -> float:
    """A counter that is lower than before was reset: how much came between is unknown."""
    return (now - last) / interval_s if now >= last else nan


def _growth(last: float, now: float, _interval_s: float) -> float:
    return now - last
