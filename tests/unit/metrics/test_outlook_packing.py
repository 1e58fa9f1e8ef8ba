"""A forecast in few bytes comes back as it was, to a part in 32,767 of its range."""

from __future__ import annotations

import numpy as np
import pytest

from apps.metrics.outlooks.packing import Curve, pack, unpack

HOURS = np.arange(168)
WAVE = 50 + 20 * np.sin(2 * np.pi * HOURS / 24)


def test_comes_back_within_a_step_of_its_range():
    curve = Curve(WAVE, WAVE - 7.25, WAVE + 12.5)

    again = unpack(pack(curve))

    step = 70 / 32_767
    for edge in ("point", "lower", "upper"):
        assert np.abs(getattr(again, edge) - getattr(curve, edge)).max() <= step


@pytest.mark.parametrize("scale", [1e-300, 1.0, 2.0**70])
def test_any_size_of_numbers(scale):
    again = unpack(pack(Curve(WAVE * scale, WAVE * scale * 0.5, WAVE * scale * 2)))

    assert again.upper == pytest.approx(WAVE * scale * 2, rel=1e-3)


def test_a_band_finer_than_a_step_of_the_point_stays_where_it_was():
    again = unpack(pack(Curve(WAVE, WAVE - 1e-5, WAVE + 1e-5)))

    assert np.abs(again.upper - WAVE - 1e-5).max() < 1e-7
    assert (again.lower <= again.point).all()


def test_nothing_at_all_stays_nothing():
    zero = np.zeros(24)

    again = unpack(pack(Curve(zero, zero, zero)))

    assert not again.point.any()
    assert not again.upper.any()


def test_an_edge_below_zero_is_cut_there():
    again = unpack(pack(Curve(np.full(24, 1.0), np.full(24, -5.0), np.full(24, 3.0))))

    assert again.lower.min() == 0.0


def test_a_day_takes_at_most_two_hundred_bytes_and_a_week_seven_hundred():
    noise = np.random.default_rng(4).random(168)
    week = Curve(WAVE + noise, WAVE + noise - 9, WAVE + noise + 9)
    day = Curve(week.point[:24], week.lower[:24], week.upper[:24])

    assert len(pack(day)) <= 200
    assert len(pack(week)) <= 700


def test_a_form_of_later_is_refused():
    with pytest.raises(ValueError, match="version 9"):
        unpack(b"\x09" + pack(Curve(WAVE, WAVE, WAVE))[1:])
