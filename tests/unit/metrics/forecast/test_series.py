import numpy as np
import pytest

from apps.metrics.forecast.series import HOUR_S, hourly_means


def test_means_are_of_clock_hours_and_gaps_are_interpolated():
    times = np.array([10.0, 20.0, HOUR_S + 5.0, 4 * HOUR_S + 1.0])
    series = hourly_means(times, np.array([1.0, 3.0, 5.0, 11.0]))
    assert series.start_s == 0
    assert series.values.tolist() == [2.0, 5.0, 7.0, 9.0, 11.0]


def test_order_duplicates_and_bad_numbers_do_not_matter():
    times = np.array([HOUR_S + 5.0, 10.0, 10.0, 20.0, np.nan])
    values = np.array([5.0, 1.0, 3.0, np.inf, 7.0])
    assert hourly_means(times, values).values.tolist() == [2.0, 5.0]


def test_only_the_last_days_are_kept():
    times = np.arange(20 * 24) * float(HOUR_S)
    series = hourly_means(times, np.arange(20 * 24.0), days=14)
    assert series.hours == 14 * 24
    assert series.values[0] == 6 * 24


def test_one_sample_from_a_far_future_does_not_fill_the_memory():
    times = np.array([0.0, HOUR_S, 2.5e11])
    assert hourly_means(times, np.ones(3)).hours == 1


def test_nothing_usable_is_refused():
    with pytest.raises(ValueError, match="no sample"):
        hourly_means(np.array([np.nan]), np.array([1.0]))
