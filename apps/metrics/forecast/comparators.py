"""What a back-test sets beside the forecast: two simple guesses, and statsmodels' methods where installed."""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from apps.metrics.forecast.arrays import DAY_HOURS, Floats

Comparator = Callable[[Floats], Floats]  # a history in, the next 24 hours out


def last_value(history: Floats) -> Floats:
    return np.full(DAY_HOURS, history[-1])


def seasonal_naive(history: Floats) -> Floats:
    return history[-DAY_HOURS:]


def statsmodels_theta(history: Floats) -> Floats:
    """Theta, deseasonalised by a day where statsmodels' own test finds a season."""
    module: Any = importlib.import_module("statsmodels.tsa.forecasting.theta")
    model = module.ThetaModel(history, period=DAY_HOURS, method="additive")
    return _quietly(lambda: model.fit().forecast(DAY_HOURS), history)


def statsmodels_holt_winters(history: Floats) -> Floats:
    """Additive Holt-Winters with a damped trend and a season of a day."""
    module: Any = importlib.import_module("statsmodels.tsa.holtwinters")

    def make() -> object:
        model = module.ExponentialSmoothing(
            history, trend="add", damped_trend=True, seasonal="add", seasonal_periods=DAY_HOURS
        )
        return model.fit().forecast(DAY_HOURS)

    return _quietly(make, history)


def comparators() -> Mapping[str, Comparator]:
    """Those that can run here."""
    found: dict[str, Comparator] = {"last_value": last_value, "seasonal_naive": seasonal_naive}
    if importlib.util.find_spec("statsmodels") is not None:
        found |= {
            "statsmodels_theta": statsmodels_theta,
            "statsmodels_holt_winters": statsmodels_holt_winters,
        }
    return found


def _quietly(make: Callable[[], object], history: Floats) -> Floats:
    """A fit that fails or does not end in numbers counts as the last value: so would a portal fall back."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            point = np.asarray(make(), dtype=np.float64)
    except (ValueError, ArithmeticError, np.linalg.LinAlgError):
        return last_value(history)
    return point if np.isfinite(point).all() else last_value(history)
