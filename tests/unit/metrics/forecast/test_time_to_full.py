import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.metrics.forecast.time_to_full import DAY_S, time_to_full

TIMES_S = np.arange(20 * 24) * 3600.0
DAYS = TIMES_S / DAY_S


def test_a_steady_rise_is_dated_exactly():
    crossings = time_to_full(TIMES_S, 10 + 2 * DAYS, capacity=100.0)
    newest = 10 + 2 * DAYS[-1]
    assert [crossing.threshold for crossing in crossings] == [0.8, 0.9, 1.0]
    for crossing in crossings:
        days = (crossing.threshold * 100 - newest) / 2
        assert crossing.expected_days == pytest.approx(days)
        assert crossing.early_days == pytest.approx(days)
        assert crossing.late_days == pytest.approx(days)


def test_noise_spreads_the_early_and_the_late_date():
    noisy = 10 + 2 * DAYS + np.random.default_rng(1).normal(0, 3, len(DAYS))
    (first, *_) = time_to_full(TIMES_S, noisy, capacity=100.0)
    assert first.late_days is not None
    assert first.early_days < first.expected_days < first.late_days


def test_one_wild_day_does_not_move_the_date():
    values = 10 + 2 * DAYS
    values[200:210] = 95.0
    (first, *_) = time_to_full(TIMES_S, values, capacity=100.0)
    assert first.expected_days == pytest.approx((80 - values[-1]) / 2, rel=0.1)


def test_thresholds_already_passed_are_not_told():
    crossings = time_to_full(TIMES_S, 47 + 2 * DAYS, capacity=100.0)
    assert [crossing.threshold for crossing in crossings] == [0.9, 1.0]


@pytest.mark.parametrize(
    "values",
    [
        np.full(len(DAYS), 50.0),
        80 - 2 * DAYS,
        50 + 5 * np.sin(2 * np.pi * DAYS),
        np.full(len(DAYS), np.nan),
    ],
    ids=["flat", "falling", "daily wave", "unknown"],
)
def test_flat_falling_and_unknown_have_no_date(values):
    assert time_to_full(TIMES_S, values, capacity=100.0) == ()


@pytest.mark.parametrize("capacity", [None, 0.0, -1.0, float("nan"), float("inf")])
def test_without_a_capacity_there_is_no_date(capacity):
    assert time_to_full(TIMES_S, 10 + 2 * DAYS, capacity=capacity) == ()


def test_less_than_a_week_is_too_little():
    young = TIMES_S < 5 * DAY_S
    assert time_to_full(TIMES_S[young], (10 + 2 * DAYS)[young], capacity=100.0) == ()


def test_a_clean_up_counts_from_the_next_days_on():
    values = 10 + 3 * DAYS
    values[-3 * 24 :] -= 30
    (first, *_) = time_to_full(TIMES_S, values, capacity=100.0)
    assert first.expected_days > (80 - values[-1]) / 3.5


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 100), min_size=1, max_size=60))
def test_dates_are_ahead_and_in_order(levels):
    times_s = np.arange(len(levels)) * float(DAY_S)
    crossings = time_to_full(times_s, np.array(levels), capacity=100.0)
    for crossing in crossings:
        assert 0 < crossing.early_days <= crossing.expected_days
        assert crossing.late_days is None or crossing.expected_days <= crossing.late_days
    expected = [crossing.expected_days for crossing in crossings]
    assert expected == sorted(expected)
