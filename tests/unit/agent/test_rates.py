from math import isnan, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dce_agent.rates import RateKeeper
from dce_agent.schema import Column, Kind, Reading, Schema

SCHEMA = Schema(
    "test",
    (
        Column("level", "level", Kind.GAUGE, 0),
        Column("bytes_per_s", "bytes", Kind.RATE, 0),
        Column("a_ratio", "a_s", Kind.SHARE, 5),
        Column("b_ratio", "b_s", Kind.SHARE, 5),
    ),
)
counters = st.one_of(st.just(nan), st.floats(0, 1e15))
readings = st.tuples(st.floats(0, 1e6), st.tuples(counters, counters, counters, counters))


def turn(keeper, at_s, *values, key="x", epoch=""):
    return list(keeper.turn([Reading(key, at_s, values, epoch)]).values)


def test_the_first_reading_has_gauges_only():
    level, *others = turn(RateKeeper(SCHEMA), 0.0, 5, 100, 1, 1)
    assert level == 5
    assert all(map(isnan, others))


def test_rates_are_by_the_exact_interval():
    keeper = RateKeeper(SCHEMA)
    turn(keeper, 10.0, 5, 100, 1, 1)
    assert turn(keeper, 12.5, 5, 600, 4, 2) == [5, 200, 0.75, 0.25]


def test_a_reset_counter_is_a_gap_and_goes_on_from_there():
    keeper = RateKeeper(SCHEMA)
    turn(keeper, 0.0, 0, 100, 0, 0)
    assert isnan(turn(keeper, 1.0, 0, 40, 0, 0)[1])
    assert turn(keeper, 2.0, 0, 50, 0, 0)[1] == 10


def test_another_epoch_is_a_gap_even_when_the_counter_is_higher():
    keeper = RateKeeper(SCHEMA)
    turn(keeper, 0.0, 0, 100, 0, 0, epoch="1")
    assert isnan(turn(keeper, 1.0, 0, 400, 0, 0, epoch="2")[1])


def test_what_was_not_read_meanwhile_starts_anew():
    keeper = RateKeeper(SCHEMA)
    turn(keeper, 0.0, 0, 100, 0, 0)
    keeper.turn([])
    assert isnan(turn(keeper, 2.0, 0, 300, 0, 0)[1])


def test_a_known_start_gives_rates_at_once():
    keeper = RateKeeper(SCHEMA)
    keeper.start(Reading("x", 8.0, (0, 0, 0, 0)))
    assert turn(keeper, 10.0, 0, 300, 0, 0)[1] == 150


def test_waiting_that_runs_backwards_a_little_is_no_gap():
    keeper = RateKeeper(SCHEMA)
    turn(keeper, 0.0, 0, 0, 10, 10)
    assert turn(keeper, 1.0, 0, 0, 9.9, 12)[2:] == [0, 1]


def test_one_tuple_of_keys_serves_all_ticks():
    keeper = RateKeeper(SCHEMA)
    first = keeper.turn([Reading("x", 0.0, (0, 0, 0, 0))])
    second = keeper.turn([Reading("x", 1.0, (0, 0, 0, 0))])
    assert first.keys is second.keys


@given(st.lists(readings, min_size=2, max_size=8))
def test_no_rate_is_ever_negative_and_shares_add_up(moments):
    keeper = RateKeeper(SCHEMA)
    for at_s, values in sorted(moments, key=lambda moment: moment[0]):
        _, rate, *shares = turn(keeper, at_s, *values)
        assert isnan(rate) or rate >= 0
        known = [share for share in shares if not isnan(share)]
        assert all(0 <= share <= 1 for share in known)
        assert not known or sum(known) == pytest.approx(1)
