"""One bar for used, reserved, limited and there: as long as the greatest of them."""

from __future__ import annotations

import pytest

from apps.metrics.dashboard.totals import Total


def test_the_bar_ends_at_what_is_there():
    total = Total(name="cpu", used=24.0, capacity=96.0, reserved=48.0, limited=72.0)

    places = (total.used_share, total.reserved_share, total.limited_share, total.capacity_share)
    assert places == (0.25, 0.5, 0.75, 1.0)
    assert not total.is_overdrawn


def test_limits_beyond_what_is_there_lengthen_the_bar():
    total = Total(name="cpu", used=24.0, capacity=96.0, reserved=48.0, limited=192.0)

    assert (total.capacity_share, total.limited_share) == (0.5, 1.0)
    assert not total.is_overdrawn


def test_more_reserved_than_there_is_said():
    assert Total(name="memory", used=1.0, capacity=10.0, reserved=12.0).is_overdrawn


@pytest.mark.parametrize("used", [None, 0.0])
def test_nothing_known_draws_an_empty_bar(used):
    total = Total(name="cpu", used=used, capacity=0.0)

    assert (total.used_share, total.capacity_share, total.is_overdrawn) == (0.0, 0.0, False)
