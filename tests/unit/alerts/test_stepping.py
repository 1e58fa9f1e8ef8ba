"""How one alert begins, fires and ends, on values that people chose and on any values."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from apps.alerts.rules.stepping import (
    FIRING,
    PENDING,
    Bounds,
    Firing,
    Sight,
    Standing,
    firings,
    resumed,
    step,
)

NINETY = Bounds(value=90, clear_value=80, for_s=30, clear_for_s=20)


def walk(values: list[float | None], bounds: Bounds, *, every_s: float = 10) -> list[str | None]:
    """The state after each sight."""
    standing, states = None, []
    for index, value in enumerate(values):
        standing = step(standing, Sight(index * every_s, value), bounds)
        states.append(standing.state if standing else None)
    return states


def test_it_fires_once_it_has_held_long_enough() -> None:
    """30 s are over at the fourth sight, 10 s apart; at the value itself it is trouble already."""
    assert walk([90, 95, 91, 92], NINETY) == [PENDING, PENDING, PENDING, FIRING]


def test_one_good_value_before_that_begins_anew() -> None:
    assert walk([95, 95, 50, 95, 95], NINETY) == [PENDING, PENDING, None, PENDING, PENDING]


def test_between_both_values_it_goes_on() -> None:
    """85 is no trouble any more, and not over yet: what fires stays, what does not fire does not begin."""
    at_once = replace(NINETY, for_s=0)
    assert walk([85, 95, 85, 85, 85], at_once) == [None, FIRING, FIRING, FIRING, FIRING]


def test_it_is_over_after_the_time_below_the_clearing_value() -> None:
    at_once = replace(NINETY, for_s=0)
    assert walk([95, 70, 70, 70], at_once) == [FIRING, FIRING, FIRING, None]
    assert walk([95, 70, 85, 70, 70, 70], at_once)[-2:] == [FIRING, None]


def test_below_is_the_same_upside_down() -> None:
    days = Bounds(value=14, is_above=False, clear_value=20)
    assert walk([30, 14, 15, 19, 20], days) == [None, FIRING, FIRING, FIRING, None]


def test_what_is_not_seen_neither_begins_nor_ends_it() -> None:
    at_once = replace(NINETY, for_s=0, clear_for_s=0)
    assert walk([None, 95, None, None, 70], at_once) == [None, FIRING, FIRING, FIRING, None]


def test_too_few_samples_are_as_none() -> None:
    bounds = replace(NINETY, for_s=0, min_samples=3)
    assert step(None, Sight(0, 99, 2), bounds) is None
    assert step(None, Sight(0, 99, 3), bounds) is not None


def test_after_a_long_gap_the_time_begins_anew() -> None:
    """Two sights ten minutes apart do not show that it held for the ten minutes between."""
    first = step(None, Sight(0, 95), NINETY)
    after = step(first, Sight(600, 95), NINETY)
    assert after is not None
    assert (after.state, after.since_s) == (PENDING, 600)


def test_silence_ends_what_is_pending_soon_and_what_fires_late() -> None:
    pending = Standing(state=PENDING, since_s=0, seen_s=0, value=95, peak=95)
    firing = replace(pending, state=FIRING, fired_s=0)
    assert step(pending, Sight(130, None), NINETY) is None
    assert step(firing, Sight(130, None), NINETY) == firing
    assert step(firing, Sight(901, None), NINETY) is None


def test_a_pause_of_the_portal_ends_nothing_and_begins_nothing() -> None:
    """An hour away: what fired still fires, and what was pending has its whole time before it."""
    pending = Standing(state=PENDING, since_s=0, seen_s=10, value=95, peak=95)
    firing = replace(pending, state=FIRING, fired_s=0, clearing_s=5)
    assert step(resumed(firing, 3600), Sight(3600, None), NINETY) == replace(
        firing, seen_s=3600, clearing_s=None
    )
    after = step(resumed(pending, 3600), Sight(3600, 95), NINETY)
    assert after is not None
    assert (after.state, after.since_s) == (PENDING, 3600)


def test_a_series_tells_each_time_it_would_have_fired() -> None:
    values = [95, 95, 95, 95, 99, 10, 10, 10, 95, 95, 95, 95]
    sights = [Sight(10 * index, value) for index, value in enumerate(values)]
    assert list(firings(sights, NINETY)) == [Firing(30, 70, 99), Firing(110, None, 95)]


VALUES = st.lists(st.none() | st.floats(0, 200), max_size=60)
BOUNDS = st.builds(
    Bounds,
    value=st.just(100.0),
    is_above=st.booleans(),
    for_s=st.sampled_from([0, 10, 30, 60]),
    clear_for_s=st.sampled_from([0, 20, 60]),
)


@given(VALUES, BOUNDS)
def test_it_never_fires_before_it_held(values: list[float | None], bounds: Bounds) -> None:
    """Whenever it begins to fire, every known value since its first sign was trouble."""
    standing = None
    for index, value in enumerate(values):
        before, standing = standing, step(standing, Sight(10 * index, value), bounds)
        if standing and standing.is_firing and not (before and before.is_firing):
            span = values[int(standing.since_s // 10) : index + 1]
            assert all(bounds.is_trouble(one) for one in span if one is not None)
            assert 10 * index - standing.since_s >= bounds.for_s


@given(VALUES, BOUNDS)
def test_its_peak_is_the_worst_of_what_was_seen(values: list[float | None], bounds: Bounds) -> None:
    standing, seen = None, []
    for index, value in enumerate(values):
        standing = step(standing, Sight(10 * index, value), bounds)
        seen = [] if standing is None else [*seen, *([] if value is None else [value])]
        if standing is not None:
            assert standing.peak == (max(seen) if bounds.is_above else min(seen))


@given(VALUES, BOUNDS)
def test_calm_values_never_open_anything(values: list[float | None], bounds: Bounds) -> None:
    calm = [
        None if value is None else (min(value, 99.9) if bounds.is_above else max(value, 100.1))
        for value in values
    ]
    assert set(walk(calm, bounds)) <= {None}


@given(VALUES, BOUNDS, st.integers(0, 60))
def test_a_restart_in_between_changes_nothing(
    values: list[float | None], bounds: Bounds, cut: int
) -> None:
    """The standing is all there is: whoever goes on from it comes to the same end."""
    standing = None
    for index, value in enumerate(values):
        if index == cut and standing is not None:
            standing = Standing(**{name: getattr(standing, name) for name in Standing.__slots__})
        standing = step(standing, Sight(10 * index, value), bounds)
    assert (standing.state if standing else None) == ([None, *walk(values, bounds)][-1])
