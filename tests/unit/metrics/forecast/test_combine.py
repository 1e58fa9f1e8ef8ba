import numpy as np
import pytest

from apps.metrics.forecast import combine as module
from apps.metrics.forecast.combine import combine, rolling_forecasts, stretches
from apps.metrics.forecast.methods import METHODS

RNG = np.random.default_rng(7)


def _weights(history):
    rolling = rolling_forecasts(history, horizon=24)
    residuals, ages_h = module._residuals(history, rolling)
    return module._weights(np.abs(residuals), ages_h, rolling), list(METHODS)


def test_a_seasonal_series_is_given_to_seasonal_methods():
    hours = np.arange(300)
    weights, names = _weights(50 + 20 * np.sin(2 * np.pi * hours / 24) + RNG.normal(0, 1, 300))
    flat = [names.index(name) for name in names if name.startswith(("last", "median", "fading"))]
    assert weights[flat].sum(axis=0).max() < 0.01


def test_a_random_walk_is_given_to_followers_not_to_the_season():
    weights, names = _weights(500 + np.cumsum(RNG.normal(0, 1, 300)))
    follow = [
        names.index(name)
        for name in ("last_value", "median_3h", "median_6h", "fading_slow", "fading", "theta")
    ]
    assert weights[follow].sum(axis=0).mean() > 0.5


def test_weights_add_up_to_one_for_each_hour():
    weights, _ = _weights(RNG.gamma(2, 3, 300))
    assert weights.sum(axis=0) == pytest.approx(np.ones(24))
    assert (weights >= 0).all()


def test_after_a_jump_the_old_level_has_no_say():
    values = RNG.normal(20, 0.3, 250)
    values[244:] += 30
    point = combine(values, rolling_forecasts(values, horizon=24)).point
    assert point == pytest.approx(np.full(24, 50.0), abs=4)


def test_looking_back_at_a_moment_equals_having_been_there():
    values = RNG.gamma(2, 3, 312)
    values[250:] += 60
    later = rolling_forecasts(values, horizon=24, look_back_h=len(values))
    for start in (216, 240, 264, 288, 312):
        there = combine(values[:start], rolling_forecasts(values[:start], horizon=24))
        assert combine(values[:start], later.until(start)).point == pytest.approx(there.point)


def test_a_method_without_any_known_error_leaves_weights_even():
    values = RNG.gamma(2, 3, 25)
    assert np.isfinite(combine(values, rolling_forecasts(values, horizon=24)).point).all()


def test_stretches_cover_a_horizon_once():
    hours = [hour for part in stretches(168) for hour in range(168)[part]]
    assert hours == list(range(168))
    assert stretches(2) == [slice(0, 2)]
