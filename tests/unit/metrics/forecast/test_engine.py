import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from apps.metrics.forecast.engine import Limits, forecast, forecasts_at

ANY_HISTORY = arrays(
    np.float64, st.integers(1, 260), elements=st.floats(allow_nan=False, allow_infinity=False)
)
USAGE = arrays(np.float64, st.integers(1, 260), elements=st.floats(0, 1e15))


@settings(max_examples=60, deadline=None)
@given(history=ANY_HISTORY, horizon=st.sampled_from([1, 5, 24, 168]))
def test_any_finite_history_gives_finite_numbers_with_the_point_inside_the_band(history, horizon):
    made = forecast(history, horizon=horizon, limits=Limits(floor=None))
    for edge in (made.point, made.lower, made.upper):
        assert edge.shape == (horizon,)
        assert np.isfinite(edge).all()
    assert (made.lower <= made.point).all()
    assert (made.point <= made.upper).all()


@settings(max_examples=60, deadline=None)
@given(history=USAGE, capacity=st.floats(0, 1e15))
def test_nothing_lies_outside_what_is_possible(history, capacity):
    made = forecast(history, limits=Limits(capacity=capacity))
    for edge in (made.point, made.lower, made.upper):
        assert (edge >= 0).all()
        assert (edge <= capacity).all()
    assert (made.lower <= made.point).all()
    assert (made.point <= made.upper).all()


def test_a_constant_gives_a_constant_with_a_thin_band():
    made = forecast(np.full(300, 42.0), horizon=168)
    assert made.point == pytest.approx(np.full(168, 42.0))
    assert (made.upper - made.lower < 0.01).all()
    assert (made.upper > made.lower).all()


def test_zeros_stay_zero():
    made = forecast(np.zeros(300))
    assert made.point.tolist() == [0.0] * 24


def test_a_daily_sine_is_forecast_nearly_exactly():
    hours = np.arange(336 + 24)
    truth = 50 + 10 * np.sin(2 * np.pi * hours / 24)
    assert forecast(truth[:336]).point == pytest.approx(truth[336:], abs=0.2)


def test_a_change_of_unit_changes_the_forecast_alike():
    history = np.random.default_rng(5).gamma(2, 3, 300)
    plain, scaled = forecast(history), forecast(history * 2.0**30)
    assert scaled.point == pytest.approx(plain.point * 2.0**30)
    assert scaled.upper == pytest.approx(plain.upper * 2.0**30)


def test_a_lift_lifts_the_forecast():
    history = np.random.default_rng(5).gamma(2, 3, 300)
    assert forecast(history + 1000).point == pytest.approx(forecast(history).point + 1000, abs=1e-6)


def test_less_than_two_days_give_the_last_value_and_a_wide_band():
    history = np.array([4.0, 6.0, 5.0])
    made = forecast(history, horizon=3, limits=Limits(capacity=8.0))
    assert not made.is_ensemble
    assert made.point.tolist() == [5.0] * 3
    assert made.lower.tolist() == [2.5] * 3
    assert made.upper.tolist() == [7.5] * 3


def test_the_band_holds_about_four_fifths_of_noise():
    values = np.random.default_rng(11).normal(100, 5, 336)
    inside = []
    for start in range(216, 336, 24):
        made, truth = forecast(values[:start]), values[start : start + 24]
        inside.append((made.lower <= truth) & (truth <= made.upper))
    assert 0.7 <= np.mean(inside) <= 0.92


def test_several_moments_at_once_equal_one_at_a_time():
    values = np.random.default_rng(6).gamma(2, 3, 312)
    values[270:] += 80
    starts = [216, 240, 264, 288, 312]
    for start, made in zip(starts, forecasts_at(values, starts), strict=True):
        alone = forecast(values[:start])
        assert made.point == pytest.approx(alone.point)
        assert made.lower == pytest.approx(alone.lower)
        assert made.upper == pytest.approx(alone.upper)


@pytest.mark.parametrize(
    ("history", "horizon", "sentence"),
    [
        (np.array([]), 24, "at least one hour"),
        (np.array([1.0, np.nan]), 24, "not finite"),
        (np.ones(50), 0, "one hour ahead"),
        (np.ones((2, 30)), 24, "at least one hour"),
    ],
)
def test_what_cannot_be_forecast_is_refused_with_a_sentence(history, horizon, sentence):
    with pytest.raises(ValueError, match=sentence):
        forecast(history, horizon=horizon)


def test_starts_that_are_not_whole_days_apart_are_refused():
    with pytest.raises(ValueError, match="whole days"):
        forecasts_at(np.ones(100), [60, 100])
