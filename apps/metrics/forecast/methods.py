"""The forecasting methods: each says, for every origin at once, what the next hours will be.

A method never sees what came after an origin. Working on all origins at once makes the rolling-origin errors,
from which the combiner chooses, as cheap as one forecast.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from apps.metrics.forecast.arrays import DAY_HOURS, WEEK_HOURS, Floats, Past, gap_mean, gap_median
from apps.metrics.forecast.smoothing import damped_holt_winters

_DAYS = WEEK_HOURS // DAY_HOURS


@dataclass(frozen=True, slots=True)
class Profile:
    """A daily pattern about zero, and the week's values with it taken out."""

    shape: Floats  # origins x 24, beginning at the origin's own hour
    flattened: Floats  # origins x 168

    def level(self, hours: int) -> Floats:
        return gap_median(self.flattened[:, -hours:])


class View:
    """One week before each origin, with the pieces that several methods need worked out once."""

    def __init__(self, past: Past, *, horizon: int) -> None:
        self.past = past
        self.horizon = horizon
        self.week = past.week()
        self.days = self.week.reshape(-1, _DAYS, DAY_HOURS)
        self.last = self.week[:, -1]
        self.ahead = np.arange(1, horizon + 1, dtype=np.float64)
        day_levels = gap_median(self.days)
        self._deviations = self.days - day_levels[:, :, None]
        self.daily_slope = _theil_sen(day_levels) / DAY_HOURS
        self.profiles = {days: self._profile(days) for days in (3, 7)}

    def _profile(self, days: int) -> Profile:
        shape = gap_median(self._deviations[:, -days:], axis=1)
        shape = shape - np.median(shape, axis=1)[:, None]
        return Profile(shape, self.week - np.tile(shape, _DAYS))

    def flat(self, level: Floats) -> Floats:
        """The same level for each hour ahead."""
        return np.repeat(level[:, None], self.horizon, axis=1)

    def daily(self, shape: Floats) -> Floats:
        """A pattern of 24 hours repeated over the horizon."""
        repeats = -(-self.horizon // DAY_HOURS)
        return np.tile(shape, repeats)[:, : self.horizon]

    def level(self, hours: int) -> Floats:
        return gap_median(self.week[:, -hours:])

    def same_hours(self, days: int) -> Floats:
        return gap_median(self.days[:, -days:], axis=1)


Method = Callable[[View], Floats]


def last_value(view: View) -> Floats:
    """What is will stay."""
    return view.flat(view.last)


def same_hour_yesterday(view: View) -> Floats:
    """Seasonal naive with a season of a day."""
    return view.daily(view.days[:, -1])


def same_hour_last_week(view: View) -> Floats:
    """Seasonal naive with a season of a week; the median of the days at hand where a week is not there yet."""
    week = np.where(np.isnan(view.week), np.tile(view.same_hours(_DAYS), _DAYS), view.week)
    repeats = -(-view.horizon // WEEK_HOURS)
    return np.tile(week, repeats)[:, : view.horizon]


def recent_median(hours: int) -> Method:
    """A flat line at the median of the last hours: spikes leave it alone."""
    return lambda view: view.flat(view.level(hours))


def same_hours_median(view: View) -> Floats:
    """The median of the same hour on the last three days."""
    return view.daily(view.same_hours(3))


def same_hours_mean(view: View) -> Floats:
    """The mean of the same hour on the last seven days."""
    return view.daily(gap_mean(view.days, axis=1))


def fading_last_value(keep: float) -> Method:
    """From the last value back towards the week's median, keeping this part of the difference each hour."""

    def predict(view: View) -> Floats:
        centre = view.level(WEEK_HOURS)
        return centre[:, None] + (view.last - centre)[:, None] * keep**view.ahead

    return predict


def profile_on_level(*, profile_days: int, level_hours: int) -> Method:
    """The daily pattern laid on the level of the last hours."""

    def predict(view: View) -> Floats:
        profile = view.profiles[profile_days]
        return view.daily(profile.shape) + profile.level(level_hours)[:, None]

    return predict


def profile_on_fading_level(view: View) -> Floats:
    """The daily pattern on a level that goes from the last hour's back to that of three days."""
    profile = view.profiles[7]
    centre = profile.level(72)
    return (
        view.daily(profile.shape)
        + centre[:, None]
        + (profile.level(1) - centre)[:, None] * 0.9**view.ahead
    )


def theta(view: View) -> Floats:
    """Half the trend of the days' medians on the level of the last six hours: Theta's two lines, by medians."""
    return view.flat(view.level(6)) + view.daily_slope[:, None] / 2 * view.ahead


def seasonal_theta(view: View) -> Floats:
    """The whole trend, and the daily pattern without it, on the level of the last day."""
    profile = view.profiles[7]
    slope = view.daily_slope[:, None]
    centre = (DAY_HOURS - 1) / 2  # a day's median lies in its middle
    shape = profile.shape - slope * (np.arange(DAY_HOURS) - centre)
    return view.daily(shape) + profile.level(DAY_HOURS)[:, None] + slope * (view.ahead + centre)


def holt_winters(view: View) -> Floats:
    """Additive Holt-Winters with a damped trend and a season of a day."""
    return damped_holt_winters(view.past, horizon=view.horizon)


METHODS: Mapping[str, Method] = {
    "last_value": last_value,
    "median_3h": recent_median(3),
    "median_6h": recent_median(6),
    "median_24h": recent_median(24),
    "median_96h": recent_median(96),
    "median_week": recent_median(WEEK_HOURS),
    "fading_fast": fading_last_value(0.7),
    "fading": fading_last_value(0.9),
    "fading_slow": fading_last_value(0.97),
    "same_hour_yesterday": same_hour_yesterday,
    "same_hour_last_week": same_hour_last_week,
    "same_hours_median": same_hours_median,
    "same_hours_mean": same_hours_mean,
    "profile_3d_on_3h": profile_on_level(profile_days=3, level_hours=3),
    "profile_3d_on_6h": profile_on_level(profile_days=3, level_hours=6),
    "profile_7d_on_6h": profile_on_level(profile_days=7, level_hours=6),
    "profile_7d_on_24h": profile_on_level(profile_days=7, level_hours=24),
    "profile_7d_fading": profile_on_fading_level,
    "theta": theta,
    "seasonal_theta": seasonal_theta,
    "holt_winters": holt_winters,
}

WEEKLY = frozenset({"same_hour_last_week"})


def predict(method: Method, history: Floats, *, horizon: int) -> Floats:
    """One forecast of one method from the end of a history of at least a day."""
    past = Past(values=history, origins=np.array([len(history)]))
    forecasts = method(View(past, horizon=horizon))
    return np.asarray(forecasts[0], dtype=np.float64)


def _theil_sen(levels: Floats) -> Floats:
    """The median of the slopes between all pairs of days, per day; nothing where there is one day only."""
    count = levels.shape[1]
    slopes = [
        (levels[:, late] - levels[:, early]) / (late - early)
        for early, late in combinations(range(count), 2)
    ]
    return np.nan_to_num(gap_median(np.stack(slopes, axis=1)))
