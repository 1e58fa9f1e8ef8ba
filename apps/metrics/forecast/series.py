"""Turns samples, however irregular, into hourly means of the last days without holes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from apps.metrics.forecast.arrays import DAY_HOURS, Floats

HOUR_S = 3600
DEFAULT_DAYS = 14


@dataclass(frozen=True, slots=True)
class HourlySeries:
    """One mean an hour; `start_s` is the first hour's beginning in seconds since 1970."""

    start_s: int
    values: Floats

    @property
    def hours(self) -> int:
        return len(self.values)


def hourly_means(times_s: Floats, values: Floats, *, days: int = DEFAULT_DAYS) -> HourlySeries:
    """Mean of each clock hour up to the newest sample, hours without one interpolated from their neighbours.

    Order does not matter, several samples of one moment count as one each, and what is not a finite number is left out.
    """
    good = np.isfinite(times_s) & np.isfinite(values)
    if not good.any():
        raise ValueError("There is no sample with a time and a finite value.")
    hours = np.floor_divide(times_s[good], HOUR_S).astype(np.int64)
    newest = int(hours.max())
    recent = hours > newest - days * DAY_HOURS
    first = int(hours[recent].min())
    return HourlySeries(first * HOUR_S, _means(hours[recent] - first, values[good][recent]))


def _means(slots: np.ndarray[tuple[int], np.dtype[np.int64]], values: Floats) -> Floats:
    counts = np.bincount(slots)
    weights = (
        values / counts[slots]
    )  # divided first, so that huge values do not overflow in the sum
    sums = np.bincount(slots, weights=weights)
    known = np.flatnonzero(counts)
    return np.interp(np.arange(len(counts)), known, sums[known])
