import numpy as np
import pytest

from apps.metrics.forecast.shifts import MOST_JUMPS, RUN_HOURS, aligned_views


def _noise(length=336, seed=0):
    return np.random.default_rng(seed).normal(20, 0.3, length)


def test_a_quiet_series_is_left_alone():
    assert len(aligned_views(_noise())) == 1


def test_a_lasting_jump_lifts_the_past_and_is_known_four_hours_later():
    values = _noise()
    values[200:] += 10
    _, told = aligned_views(values)
    assert told.known_from == 200 + RUN_HOURS
    assert told.values[:200].mean() == pytest.approx(30, abs=0.5)
    assert told.values[200:].tolist() == values[200:].tolist()


def test_a_short_spike_is_no_jump():
    values = _noise()
    values[200:203] += 10
    assert len(aligned_views(values)) == 1


def test_a_daily_pattern_is_no_jump():
    hours = np.arange(336)
    assert len(aligned_views(_noise() + np.where(hours % 24 < 8, 0, 15))) == 1


def test_a_weekend_is_no_jump_once_one_was_seen():
    values = _noise()
    weekend = (np.arange(336) // 24) % 7 >= 5
    views = aligned_views(np.where(weekend, values - 10, values))
    assert all(view.known_from < 168 + 24 for view in views)


def test_what_is_known_at_a_moment_does_not_depend_on_what_came_after():
    values = _noise()
    values[200:] += 10
    early = aligned_views(values[:210])
    late = [view for view in aligned_views(values) if view.known_from <= 210]
    assert [view.known_from for view in early] == [view.known_from for view in late]
    assert early[-1].values.tolist() == late[-1].values[:210].tolist()


def test_a_series_that_never_rests_costs_a_bounded_number_of_views():
    steps = np.repeat(np.random.default_rng(4).normal(0, 100, 84), 4) + _noise()
    assert len(aligned_views(steps)) <= MOST_JUMPS + 1
