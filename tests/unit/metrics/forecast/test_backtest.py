import numpy as np
import pytest

from apps.metrics.forecast.backtest import Report, SeriesResult, backtest_series, seasonal_scale
from apps.metrics.forecast.comparators import last_value, seasonal_naive
from apps.metrics.forecast.trace_files import BadTraceError

OTHERS = {"last_value": last_value, "seasonal_naive": seasonal_naive}


def test_scale_is_the_mean_difference_to_yesterday():
    values = np.concatenate([np.zeros(24), np.full(24, 2.0), np.full(24, 3.0)])
    assert seasonal_scale(values) == pytest.approx((24 * 2 + 24 * 1) / 48)


def test_errors_by_hand():
    """Fourteen days that are 0 but for the 13th, which is 1: yesterday's value errs on two of the five days."""
    values = np.zeros(14 * 24)
    values[12 * 24 : 13 * 24] = 1.0
    result = backtest_series("steps", values, others=OTHERS)
    scale = 2 * 24 / (13 * 24)
    assert result.method_mase["seasonal_naive"] == pytest.approx((2 / 5) / scale)
    assert result.method_mase["last_value"] == pytest.approx((2 / 5) / scale)


def test_each_day_is_forecast_from_what_came_before_it_alone():
    values = np.random.default_rng(3).gamma(2, 3, 336)
    plain = backtest_series("a", values, others=OTHERS)
    changed = values.copy()
    changed[-24:] += 500  # the last day's truth; forecasts must not have seen it
    altered = backtest_series("b", changed, others=OTHERS)
    plain_error, altered_error = (
        plain.mase * seasonal_scale(values),
        altered.mase * seasonal_scale(changed),
    )
    assert altered_error == pytest.approx(plain_error, abs=500 / 5 + 10)
    assert (
        altered_error > 90
    )  # 500 too low on one of five days: had they seen it, the error would be small


def test_a_series_without_a_scale_is_refused():
    with pytest.raises(BadTraceError, match="no scale"):
        backtest_series("flat", np.ones(336))


def test_a_series_below_zero_is_not_cut_at_zero():
    values = np.random.default_rng(3).normal(-50, 1, 336)
    assert backtest_series("cold", values).mase < 1


def test_the_reports_figures_are_means_over_series():
    def result(mase, coverage):
        return SeriesResult(
            name="x",
            mase=mase,
            coverage_80=coverage,
            elapsed_ms=4.0,
            method_mase={"last_value": 2 * mase},
        )

    report = Report(series=[result(0.5, 0.7), result(1.0, 0.9)], notes=[])
    assert report.mean_mase == pytest.approx(0.75)
    assert report.coverage_80 == pytest.approx(0.8)
    assert report.ms_per_series == pytest.approx(4.0)
    assert report.methods == {"last_value": pytest.approx(1.5)}


def _realistic(kind, seed):
    rng = np.random.default_rng(seed)
    hours = np.arange(336)
    if kind == "daily":
        return 40 + 15 * np.sin(2 * np.pi * hours / 24) + rng.normal(0, 4, 336)
    if kind == "level":
        return np.where(hours < 150, 30, 55) + rng.normal(0, 2, 336)
    if kind == "spikes":
        return 0.1 + (rng.random(336) < 0.08) * rng.exponential(40, 336)
    return np.abs(50 + np.cumsum(rng.normal(0, 1.5, 336)))


@pytest.mark.parametrize("kind", ["daily", "level", "spikes", "walk"])
def test_the_forecast_is_never_far_from_the_better_simple_guess_on_series_like_real_ones(kind):
    results = [backtest_series(kind, _realistic(kind, seed), others=OTHERS) for seed in range(4)]
    ours = np.mean([result.mase for result in results])
    best = min(np.mean([result.method_mase[name] for result in results]) for name in OTHERS)
    assert ours <= best * 1.1
    assert 0.7 <= np.mean([result.coverage_80 for result in results]) <= 0.95
