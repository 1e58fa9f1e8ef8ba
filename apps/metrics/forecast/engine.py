"""Hourly history in, outlook out: the one door through which the rest of the portal asks for a forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from apps.metrics.forecast.arrays import DAY_HOURS, Floats
from apps.metrics.forecast.band import band
from apps.metrics.forecast.combine import Rolling, combine, rolling_forecasts

ENSEMBLE_FROM_HOURS = 2 * DAY_HOURS
_LARGEST = float(np.finfo(np.float64).max)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is possible: nothing below the floor, nothing above the capacity; None where there is no such limit."""

    floor: float | None = 0.0
    capacity: float | None = None

    def clip(self, values: Floats) -> Floats:
        low = -_LARGEST if self.floor is None else self.floor
        high = _LARGEST if self.capacity is None else self.capacity
        return np.clip(values, low, high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The next hours: the expected value and an 80 % band about it."""

    point: Floats
    lower: Floats
    upper: Floats
    is_ensemble: bool  # False where the span was too short for anything but the last value


def forecast(history: Floats, *, horizon: int = DAY_HOURS, limits: Limits | None = None) -> Outlook:
    """Forecasts the hours after an hourly history that has no holes (see `series.hourly_means`)."""
    return forecasts_at(history, [len(history)], horizon=horizon, limits=limits)[0]


def forecasts_at(
    values: Floats, starts: Sequence[int], *, horizon: int = DAY_HOURS, limits: Limits | None = None
) -> list[Outlook]:
    """One forecast for each start, made from values[:start] alone; starts lie whole days apart."""
    _check(values[: min(starts)], horizon=horizon)
    _check(values, horizon=horizon)
    if any((max(starts) - start) % DAY_HOURS for start in starts):
        raise ValueError("Several forecasts of one series begin whole days apart.")
    known = values[: max(starts)]
    unit = (
        float(np.abs(known).max()) or 1.0
    )  # so that neither huge nor tiny values leave the range of floats
    scaled = known / unit
    rolling = None
    if len(known) >= ENSEMBLE_FROM_HOURS:
        rolling = rolling_forecasts(scaled, horizon=horizon, look_back_h=len(known))
    made = [_outlook(scaled[:start], rolling, horizon=horizon) for start in starts]
    return [_in_units(outlook, unit, limits or Limits()) for outlook in made]


def _check(history: Floats, *, horizon: int) -> None:
    if history.ndim != 1 or len(history) == 0:
        raise ValueError("A forecast needs at least one hour of history.")
    if not np.isfinite(history).all():
        raise ValueError("The history has values that are not finite numbers; fill its gaps first.")
    if horizon < 1:
        raise ValueError("A forecast looks at least one hour ahead.")


def _outlook(history: Floats, rolling: Rolling | None, *, horizon: int) -> Outlook:
    if rolling is None or len(history) < ENSEMBLE_FROM_HOURS:
        return _short(history, horizon=horizon)
    combined = combine(history, rolling.until(len(history)))
    lower, upper = band(combined, largest=float(np.abs(history).max()))
    return Outlook(point=combined.point, lower=lower, upper=upper, is_ensemble=True)


def _short(history: Floats, *, horizon: int) -> Outlook:
    """The last value, and a band as wide again as everything seen so far."""
    point = np.full(horizon, history[-1])
    spread = max(float(np.ptp(history)), abs(float(history[-1])) / 2)
    return Outlook(point=point, lower=point - spread, upper=point + spread, is_ensemble=False)


def _in_units(outlook: Outlook, unit: float, limits: Limits) -> Outlook:
    with np.errstate(over="ignore"):  # limits.clip brings what overflows back to the largest float
        point, lower, upper = (
            edge * unit for edge in (outlook.point, outlook.lower, outlook.upper)
        )
    return Outlook(
        point=limits.clip(point),
        lower=limits.clip(lower),
        upper=limits.clip(upper),
        is_ensemble=outlook.is_ensemble,
    )
