"""Additive Holt-Winters with a damped trend, by one pass over the series that serves every origin."""

from __future__ import annotations

import numpy as np

from apps.metrics.forecast.arrays import DAY_HOURS, Floats, Past

# Slow smoothing: the fast followers are other methods; this one is for a season that drifts.
LEVEL_WEIGHT = 0.1
TREND_WEIGHT = 0.1
SEASON_WEIGHT = 0.1
TREND_DAMPING = 0.95


def damped_holt_winters(past: Past, *, horizon: int) -> Floats:
    """Origins x horizon. The first day sets the season, so each origin has seen at least a day."""
    states = _states(past)
    damping = np.cumsum(TREND_DAMPING ** np.arange(1, horizon + 1))
    hours = np.arange(horizon)
    rows = [
        level + trend * damping + np.asarray(season)[(origin + hours) % DAY_HOURS]
        for origin, (level, trend, season) in zip(past.origins, states, strict=True)
    ]
    return np.stack(rows)


def _states(past: Past) -> list[tuple[float, float, list[float]]]:
    values: list[float] = past.values.tolist()
    wanted = {int(origin) for origin in past.origins}
    level = float(np.median(past.values[:DAY_HOURS]))
    season, trend = [value - level for value in values[:DAY_HOURS]], 0.0
    kept = {DAY_HOURS: (level, trend, list(season))}
    for hour in range(DAY_HOURS, max(wanted)):
        slot, damped = hour % DAY_HOURS, TREND_DAMPING * trend
        error = values[hour] - level - damped - season[slot]
        level += damped + LEVEL_WEIGHT * error
        trend = damped + LEVEL_WEIGHT * TREND_WEIGHT * error
        season[slot] += SEASON_WEIGHT * (1 - LEVEL_WEIGHT) * error
        if hour + 1 in wanted:
            kept[hour + 1] = (level, trend, list(season))
    return [kept[int(origin)] for origin in past.origins]
