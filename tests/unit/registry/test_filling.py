"""How soon the registry's disk is full."""

from __future__ import annotations

import pytest

from apps.registry.browse.filling import hours_to_full


def test_ten_bytes_a_day_fill_a_hundred_in_ten_days():
    days = [(day, 10 * day) for day in range(10)]
    assert hours_to_full(days, free_bytes=100) == pytest.approx(240)


def test_one_clean_up_does_not_turn_the_trend():
    days = [(day, 10 * day - (60 if day > 7 else 0)) for day in range(10)]
    assert hours_to_full(days, free_bytes=100) == pytest.approx(240)


@pytest.mark.parametrize("days", [[], [(1, 5)], [(1, 5), (2, 5)], [(1, 9), (2, 5)]])
def test_what_does_not_grow_is_never_full(days):
    assert hours_to_full(days, free_bytes=100) is None
