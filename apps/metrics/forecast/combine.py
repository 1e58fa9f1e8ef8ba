"""Weighs the methods by their own recent errors, measured by forecasting again from many earlier moments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from apps.metrics.forecast.arrays import DAY_HOURS, Floats, Ints, Past
from apps.metrics.forecast.methods import METHODS, WEEKLY, View
from apps.metrics.forecast.shifts import Aligned, aligned_views

HALF_LIFE_HOURS = 6 * DAY_HOURS  # an error this old counts half
WEIGHT_POWER = 18.0  # a method with 4 % more error has half the weight
OWN_HOURS_SHARE = (
    0.5  # how far a stretch of the horizon trusts its own errors over those of the whole
)
LEVEL_BLIND_PENALTY = (
    1.15  # on methods that have not been told of a jump: on a draw the told ones win
)
STRETCH_STARTS = (
    0,
    3,
    8,
    24,
    72,
)  # first hours, near ones, the day's rest, days after: weighed apart
ORIGIN_STEP_HOURS = 4
LONGEST_LOOK_BACK_HOURS = 10 * DAY_HOURS
WEEKLY_FROM_HOURS = 9 * DAY_HOURS  # before that a season of a week has not shown itself twice


@dataclass(frozen=True, slots=True)
class Rolling:
    """Forecasts of each method from each origin, the last of which is now."""

    origins: Ints
    forecasts: Floats  # methods x origins x horizon
    penalties: Floats  # one a method

    @property
    def horizon(self) -> int:
        return int(self.forecasts.shape[2])

    def until(self, now: int) -> Rolling:
        """What was known at an earlier origin: a back-test makes the forecasts once and looks at them day by day."""
        seen = (self.origins <= now) & (self.origins >= now - LONGEST_LOOK_BACK_HOURS)
        return Rolling(self.origins[seen], self.forecasts[:, seen], self.penalties)


@dataclass(frozen=True, slots=True)
class Combined:
    """The forecast, and how the same weights would have erred from earlier origins (NaN where not yet known)."""

    point: Floats
    residuals: Floats  # earlier origins x horizon
    ages_h: Floats  # how long ago each of those hours was


def rolling_forecasts(
    history: Floats, *, horizon: int, look_back_h: int = LONGEST_LOOK_BACK_HOURS
) -> Rolling:
    """Every method from every origin, and again on the levelled series where it has jumped."""
    origins = _origins(len(history), look_back_h=look_back_h)
    views = aligned_views(history)
    plain = _all_methods(Past(values=history, origins=origins), horizon=horizon)
    if len(views) == 1:
        return Rolling(origins, plain, np.ones(len(plain)))
    told = _levelled(plain, origins, views, horizon=horizon)
    penalties = np.repeat([1.0, LEVEL_BLIND_PENALTY], len(plain))
    return Rolling(origins, np.concatenate([told, plain]), penalties)


def combine(history: Floats, rolling: Rolling) -> Combined:
    """One forecast out of many: a mean by weights that fall steeply with a method's discounted error."""
    residuals, ages_h = _residuals(history, rolling)
    weights = _weights(np.abs(residuals), ages_h, rolling)
    point = np.einsum("mh,mh->h", weights, rolling.forecasts[:, -1])
    return Combined(point, np.einsum("mh,moh->oh", weights, residuals), ages_h)


def stretches(horizon: int, *, starts: Sequence[int] = STRETCH_STARTS) -> list[slice]:
    """The parts of a horizon that are judged apart, since a method good for the next hour may be poor for tomorrow."""
    begun = [start for start in starts if start < horizon]
    return [slice(start, end) for start, end in zip(begun, [*begun[1:], horizon], strict=True)]


def _origins(length: int, *, look_back_h: int) -> Ints:
    first = max(DAY_HOURS, length - look_back_h)
    return np.arange(length, first - 1, -ORIGIN_STEP_HOURS)[::-1]


def _all_methods(past: Past, *, horizon: int) -> Floats:
    view = View(past, horizon=horizon)
    has_weeks = len(past.values) >= WEEKLY_FROM_HOURS
    return np.stack(
        [method(view) for name, method in METHODS.items() if has_weeks or name not in WEEKLY]
    )


def _levelled(plain: Floats, origins: Ints, views: list[Aligned], *, horizon: int) -> Floats:
    """As `plain`, but each origin sees the series as levelled by the jumps that could be known then."""
    told = plain.copy()
    ends = [view.known_from for view in views[1:]] + [int(origins[-1]) + 1]
    for view, end in zip(views[1:], ends[1:], strict=True):
        chosen = (origins >= view.known_from) & (origins < end)
        if chosen.any():
            past = Past(values=view.values, origins=origins[chosen])
            told[:, chosen] = _all_methods(past, horizon=horizon)
    return told


def _residuals(history: Floats, rolling: Rolling) -> tuple[Floats, Floats]:
    """Truth less forecast, NaN where the truth is still to come, and the age of each truth."""
    now = len(history)
    targets = rolling.origins[:-1, None] + np.arange(rolling.horizon)
    truth = np.where(targets < now, history[np.minimum(targets, now - 1)], np.nan)
    residuals: Floats = np.subtract(truth, rolling.forecasts[:, :-1])
    return residuals, (now - targets).astype(np.float64)


def _weights(errors: Floats, ages_h: Floats, rolling: Rolling) -> Floats:
    """Methods x horizon, each column adding up to one."""
    known = ages_h > 0
    discount = np.where(known, 0.5 ** (np.maximum(ages_h, 0) / HALF_LIFE_HOURS), 0.0)
    losses: Floats = np.einsum("moh,oh->mh", np.where(known, errors, 0.0), discount)
    counts = discount.sum(axis=0)
    whole = losses.sum(axis=1) / max(counts.sum(), 1e-9)
    weights = np.empty_like(losses)
    for stretch in stretches(rolling.horizon):
        count = counts[stretch].sum()
        own = losses[:, stretch].sum(axis=1) / count if count > 0 else whole
        loss = (own * OWN_HOURS_SHARE + whole * (1 - OWN_HOURS_SHARE)) * rolling.penalties
        weights[:, stretch] = _steep(loss)[:, None]
    return weights


def _steep(loss: Floats) -> Floats:
    floor = 1e-9 * float(loss.max()) + 1e-300
    weights = np.power((loss.min() + floor) / (loss + floor), WEIGHT_POWER)
    return np.asarray(weights / weights.sum(), dtype=np.float64)
