import numpy as np
import pytest

from apps.metrics.forecast.arrays import gap_median
from apps.metrics.forecast.methods import METHODS, predict

HOURS = np.arange(14 * 24.0)
SINE = 50 + 10 * np.sin(2 * np.pi * HOURS / 24)
NEXT_SINE = 50 + 10 * np.sin(2 * np.pi * (HOURS[-1] + 1 + np.arange(24.0)) / 24)
SEASONAL = [
    "same_hour_yesterday", "same_hour_last_week", "same_hours_median", "same_hours_mean", "profile_3d_on_3h",
    "profile_3d_on_6h", "profile_7d_on_6h", "profile_7d_on_24h", "profile_7d_fading", "seasonal_theta", "holt_winters",
]  # fmt: skip


@pytest.mark.parametrize("name", METHODS)
def test_a_constant_stays(name):
    assert predict(METHODS[name], np.full(240, 7.0), horizon=30) == pytest.approx(np.full(30, 7.0))


@pytest.mark.parametrize("name", SEASONAL)
def test_a_daily_sine_goes_on(name):
    assert predict(METHODS[name], SINE, horizon=24) == pytest.approx(NEXT_SINE, abs=0.2)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("length", [24, 30, 48, 100, 168, 300])
def test_any_span_from_a_day_on_gives_finite_numbers(name, length):
    history = np.random.default_rng(length).gamma(2, 3, length)
    made = predict(METHODS[name], history, horizon=40)
    assert made.shape == (40,)
    assert np.isfinite(made).all()


@pytest.mark.parametrize("name", METHODS)
def test_a_lift_of_the_history_lifts_the_forecast_and_a_change_of_unit_changes_it_alike(name):
    history = np.random.default_rng(3).gamma(2, 3, 300)
    plain = predict(METHODS[name], history, horizon=24)
    assert predict(METHODS[name], history + 100, horizon=24) == pytest.approx(plain + 100)
    assert predict(METHODS[name], history * 8, horizon=24) == pytest.approx(plain * 8)


def test_last_value_and_medians_by_hand():
    history = np.array([*np.zeros(24), 1.0, 9.0, 2.0, 3.0])
    assert predict(METHODS["last_value"], history, horizon=2).tolist() == [3.0, 3.0]
    assert predict(METHODS["median_3h"], history, horizon=2).tolist() == [3.0, 3.0]
    assert predict(METHODS["same_hour_yesterday"], history, horizon=25)[-5:].tolist() == [
        1.0,
        9.0,
        2.0,
        3.0,
        0.0,
    ]


def test_theta_carries_half_of_a_trend_and_seasonal_theta_the_whole():
    ramp = HOURS * 0.5
    whole = predict(METHODS["seasonal_theta"], ramp, horizon=24)
    half = predict(METHODS["theta"], ramp, horizon=24)
    assert whole == pytest.approx(ramp[-1] + 0.5 * np.arange(1, 25))
    assert np.diff(half) == pytest.approx(np.full(23, 0.25))


def test_a_single_spike_does_not_move_a_recent_median():
    history = np.ones(200)
    history[-3] = 1000
    assert predict(METHODS["median_6h"], history, horizon=3).tolist() == [1.0, 1.0, 1.0]


def test_gap_median_agrees_with_numpy():
    values = np.random.default_rng(1).normal(size=(5, 7, 11))
    values[values > 1] = np.nan
    assert gap_median(values, axis=1) == pytest.approx(np.nanmedian(values, axis=1))
    assert gap_median(np.nan_to_num(values)) == pytest.approx(
        np.median(np.nan_to_num(values), axis=-1)
    )
