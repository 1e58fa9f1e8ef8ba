"""When a minute is summed up, and of which objects."""

from __future__ import annotations

import pytest

from apps.metrics.minutes import LONGEST_LAG_S, OpenMinutes, Over, lag_s

START_S = 1_790_006_400
NODE = 7


def later(lag: int) -> OpenMinutes:
    return OpenMinutes(lag_s=lambda _owner, _owners: lag)


def told(minutes: OpenMinutes, offset_s: int, *object_ids: int) -> Over | None:
    at_s = START_S + offset_s
    return minutes.over(NODE, object_ids, oldest_s=at_s, newest_s=at_s)


def test_few_owners_wait_for_nothing() -> None:
    assert {lag_s(owner, 24) for owner in range(-30, 30)} == {0}


def test_a_fleet_is_spread_evenly_over_most_of_a_minute() -> None:
    lags = [lag_s(owner, 1000) for owner in range(1000)]
    assert set(lags) == set(range(LONGEST_LAG_S + 1))
    assert max(map(lags.count, set(lags))) <= 25


def test_a_minute_is_over_when_its_lag_has_passed() -> None:
    minutes = later(20)
    assert told(minutes, 5, 1) is None
    assert told(minutes, 75, 1) is None
    assert told(minutes, 80, 1) == Over(frozenset({1}), START_S, START_S + 60)
    assert told(minutes, 139, 1) is None


def test_what_came_and_went_while_the_sum_waited_is_in_its_own_minutes_sum() -> None:
    minutes = later(20)
    told(minutes, 5, 1)
    told(minutes, 65, 1, 2)
    first, second = told(minutes, 85, 1), told(minutes, 145, 1)
    assert first is not None
    assert first.end_s == START_S + 60
    assert second == Over(frozenset({1, 2}), START_S + 60, START_S + 120)
    third = told(minutes, 205, 1)
    assert third == Over(frozenset({1}), START_S + 120, START_S + 180)


def test_late_rows_are_summed_up_at_once() -> None:
    minutes = later(20)
    told(minutes, 185, 1)
    assert told(minutes, 30, 1) == Over(frozenset({1}), START_S, START_S + 180)


@pytest.mark.parametrize("lag", [0, 40])
def test_a_new_process_sums_up_what_an_earlier_one_may_have_left(lag: int) -> None:
    """It ended at 1:05, when the sum of the first minute may still have waited."""
    ended_s = (START_S + 65, START_S + 65)
    at_s = START_S + 179
    over = later(lag).over(NODE, [1], oldest_s=at_s, newest_s=at_s, ended_s=lambda: ended_s)
    assert over == Over(frozenset({1}), START_S, START_S + 120)
