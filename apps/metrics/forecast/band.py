"""The 80 % band: where the truth fell around the forecast when the same weights were tried from earlier origins."""

from __future__ import annotations

import numpy as np

from apps.metrics.forecast.arrays import DAY_HOURS, Floats
from apps.metrics.forecast.combine import Combined, stretches

# A tenth outside on each side makes an 80 % band. The weights were chosen by these very residuals, so those to come
# are a little larger, and a jump of the level is in none of them: cutting a little further out makes up for it.
TAIL = 0.08
WIDENING = 1.07
STRETCH_STARTS = (0, 24, 72)
HALF_LIFE_HOURS = 8 * DAY_HOURS
LEAST_KNOWN = 12  # fewer residuals than that say nothing of tails: the stretch before it is used
LEAST_HALF_WIDTH = 1e-6  # of the largest value seen, so that a constant's band is not a hair wide


def band(combined: Combined, *, largest: float) -> tuple[Floats, Floats]:
    """The lower and the upper edge, on either side of the forecast."""
    below, above = np.zeros_like(combined.point), np.zeros_like(combined.point)
    low, high = 0.0, 0.0
    for stretch in stretches(len(combined.point), starts=STRETCH_STARTS):
        ages_h = combined.ages_h[:, stretch]
        known = ages_h > 0
        if np.count_nonzero(known) >= LEAST_KNOWN:
            low, high = _tails(combined.residuals[:, stretch][known], ages_h[known])
        below[stretch], above[stretch] = low, high
    least = LEAST_HALF_WIDTH * largest
    lower = combined.point + np.minimum(below * WIDENING, -least)
    return lower, combined.point + np.maximum(above * WIDENING, least)


def _tails(residuals: Floats, ages_h: Floats) -> tuple[float, float]:
    """The residuals that leave a tail on either side, newer ones counting more."""
    order = np.argsort(residuals)
    weights = 0.5 ** (ages_h[order] / HALF_LIFE_HOURS)
    ranks = (np.cumsum(weights) - weights / 2) / weights.sum()
    low, high = np.interp([TAIL, 1 - TAIL], ranks, residuals[order])
    return float(low), float(high)
