"""Array helpers that every part of the forecast shares: types, medians that skip gaps, windows into the past."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAY_HOURS = 24
WEEK_HOURS = 168


def gap_median(values: Floats, *, axis: int = -1) -> Floats:
    """Median along an axis, NaN left out: numpy's own nanmedian is twenty times slower on arrays this small."""
    ordered = np.moveaxis(np.sort(values, axis=axis), axis, -1)
    length = ordered.shape[-1]
    if not np.isnan(ordered[..., -1]).any():  # NaN sorts last, so there is none
        return np.asarray(
            (ordered[..., (length - 1) // 2] + ordered[..., length // 2]) / 2, dtype=np.float64
        )
    return _median_of_known(ordered)


def _median_of_known(ordered: Floats) -> Floats:
    rows = ordered.reshape(-1, ordered.shape[-1])
    count = np.count_nonzero(~np.isnan(rows), axis=1)
    each = np.arange(len(rows))
    low, high = np.maximum((count - 1) // 2, 0), np.minimum(count // 2, rows.shape[1] - 1)
    return np.asarray(
        ((rows[each, low] + rows[each, high]) / 2).reshape(ordered.shape[:-1]), dtype=np.float64
    )


def gap_mean(values: Floats, *, axis: int = -1) -> Floats:
    """Mean along an axis, NaN left out; each slice has at least one number."""
    known = ~np.isnan(values)
    total = np.where(known, values, 0.0).sum(axis=axis)
    return np.asarray(total / np.maximum(known.sum(axis=axis), 1), dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What was known at each of several moments (origins): an origin t has seen values[:t] and nothing later."""

    values: Floats
    origins: Ints

    def week(self) -> Floats:
        """The 168 hours before each origin, NaN where the series had not begun."""
        padded = np.concatenate([np.full(WEEK_HOURS, np.nan), self.values])
        windows = np.lib.stride_tricks.sliding_window_view(padded, WEEK_HOURS)
        return np.asarray(windows[self.origins], dtype=np.float64)
