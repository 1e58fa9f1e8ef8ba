"""When something that fills up reaches 80, 90 and 100 % of its capacity: a robust trend, an early and a late date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from apps.metrics.forecast.arrays import Floats

LEAST_SPAN_DAYS = 7.0
LEAST_DAYS_SEEN = 5  # of that span: two lonely points make no trend
NEWEST_DAYS = 3
THRESHOLDS = (0.8, 0.9, 1.0)
FURTHEST_DAYS = 10 * 365.0  # beyond that a date means nothing
DAY_S = 86_400
_Z_80 = 1.2816  # 80 % of a normal distribution lies within so many standard deviations
_LEAST_RISE = 1e-4  # of the capacity a day; slower is flat


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """When one threshold is reached, in days from the newest sample; `late_days` is None where it may never be."""

    threshold: float
    expected_days: float
    early_days: float
    late_days: float | None


def time_to_full(
    times_s: Floats, values: Floats, *, capacity: float | None
) -> tuple[Crossing, ...]:
    """The crossings still ahead; none where the capacity or the trend is unknown, flat or falling."""
    if capacity is None or not np.isfinite(capacity) or capacity <= 0:
        return ()
    days, peaks = _daily_peaks(times_s, values)
    if len(days) < LEAST_DAYS_SEEN or days[-1] - days[0] < LEAST_SPAN_DAYS - 1:
        return ()
    slow, middle, fast = _slopes(days, peaks)
    if middle <= _LEAST_RISE * capacity or (slow < 0 and _is_doubtful(peaks)):
        return ()
    newest = slice(-NEWEST_DAYS, None)  # a clean-up yesterday must count, one odd day must not
    level = float(np.median(peaks[newest] - middle * days[newest]))
    level = min(max(level, 0.0), capacity)
    crossings = [
        _crossing(part, part * capacity - level, (slow, middle, fast)) for part in THRESHOLDS
    ]
    return tuple(crossing for crossing in crossings if crossing is not None)


def _daily_peaks(times_s: Floats, values: Floats) -> tuple[Floats, Floats]:
    """The largest value of each day counted back from the newest sample, oldest first."""
    good = np.isfinite(times_s) & np.isfinite(values)
    if not good.any():
        return np.empty(0), np.empty(0)
    age_days = np.floor_divide(times_s[good].max() - times_s[good], DAY_S)
    ages, slot = np.unique(age_days, return_inverse=True)
    peaks = np.full(len(ages), -np.inf)
    np.maximum.at(peaks, slot, values[good])
    return -ages[::-1].astype(np.float64), peaks[::-1]


def _slopes(days: Floats, peaks: Floats) -> tuple[float, float, float]:
    """Theil-Sen: the median of all pairs' slopes, and the slopes about it that hold the truth in 80 % of cases."""
    count = len(days)
    early, late = np.triu_indices(count, k=1)
    slopes = np.sort((peaks[late] - peaks[early]) / (days[late] - days[early]))
    half_width = _Z_80 * np.sqrt(count * (count - 1) * (2 * count + 5) / 18) / 2
    middle_rank = (len(slopes) - 1) / 2
    ranks = np.clip(
        [middle_rank - half_width, middle_rank, middle_rank + half_width], 0, len(slopes) - 1
    )
    slow, middle, fast = np.interp(ranks, np.arange(len(slopes)), slopes)
    return float(slow), float(middle), float(fast)


def _is_doubtful(peaks: Floats) -> bool:
    """Rising by the median alone: the newest third of days does not stand above the oldest third."""
    third = max(len(peaks) // 3, 1)
    return bool(np.median(peaks[-third:]) <= np.median(peaks[:third]))


def _crossing(threshold: float, missing: float, slopes: Sequence[float]) -> Crossing | None:
    slow, middle, fast = slopes
    if missing <= 0 or missing / middle > FURTHEST_DAYS:
        return None
    late = missing / slow if slow > 0 else None
    return Crossing(
        threshold=threshold,
        expected_days=missing / middle,
        early_days=missing / fast,
        late_days=late if late is not None and late <= FURTHEST_DAYS else None,
    )
