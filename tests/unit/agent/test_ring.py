"""A reader that follows its cursor sees everything once and in order, or is told that it missed something."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dce_agent.rates import Table
from dce_agent.ring import CHANGE_WEIGHT, Change, Ring, Tick


def tick(at_s, values=4):
    return Tick(at_s, int(at_s * 1e3), 5000, {"t": Table(("x",), array("d", [0.0] * values))})


def change(at_s):
    return Change(at_s, int(at_s * 1e3), "event", {})


def numbers(found):
    return list(range(found.first_number, found.first_number + len(found.entries)))


def test_a_new_reader_begins_with_the_oldest():
    ring = Ring()
    ring.append(tick(0))
    ring.append(change(1))
    found = ring.since("", limit_values=1000)
    assert (found.reset, found.more, numbers(found)) == (True, False, [1, 2])
    assert found.cursor == f"{ring.boot}:2"


def test_a_reader_gets_what_is_new():
    ring = Ring()
    ring.append(tick(0))
    cursor = ring.since("", limit_values=1000).cursor
    assert ring.since(cursor, limit_values=1000).entries == ()
    ring.append(tick(5))
    found = ring.since(cursor, limit_values=1000)
    assert (found.reset, numbers(found)) == (False, [2])


def test_an_empty_ring_resets_once_only():
    ring = Ring()
    found = ring.since("", limit_values=1)
    assert found.reset
    ring.append(tick(0))
    assert not ring.since(found.cursor, limit_values=1).reset


def test_what_is_older_than_is_kept_goes():
    ring = Ring(kept_s=10)
    for at_s in range(0, 30, 5):
        ring.append(tick(at_s))
    assert [entry.at_s for entry in ring] == [15, 20, 25]


def test_a_cursor_older_than_the_ring_resets():
    ring = Ring(kept_s=10)
    for at_s in range(0, 30, 5):
        ring.append(tick(at_s))
    assert ring.since(f"{ring.boot}:2", limit_values=1000).reset
    kept = ring.since(f"{ring.boot}:3", limit_values=1000)
    assert (kept.reset, numbers(kept)) == (False, [4, 5, 6])


def test_the_ring_is_bounded_by_size_too():
    ring = Ring(kept_values=100)
    for at_s in range(50):
        ring.append(tick(at_s, values=30))
    assert len(list(ring)) == 3


@pytest.mark.parametrize("text", ["x", "-1", "7", "", "1" * 500, "²", "1.5"])
def test_a_number_that_the_ring_never_gave_resets(text):
    ring = Ring()
    ring.append(tick(0))
    assert ring.since(f"{ring.boot}:{text}", limit_values=10).reset


def test_a_cursor_of_another_boot_resets():
    ring, other = Ring(), Ring()
    ring.append(tick(0))
    assert ring.since(f"{other.boot}:1", limit_values=10).reset


@given(
    st.lists(st.sampled_from(["tick", "change", "read"]), max_size=60),
    st.integers(1, 3 * CHANGE_WEIGHT),
    st.integers(20, 400),
)
def test_a_reader_misses_nothing_without_being_told(steps, limit, kept_values):
    ring, cursor, seen, appended = Ring(kept_values=kept_values), "", 0, 0
    for step in [*steps, *["read"] * len(steps)]:
        if step != "read":
            ring.append(tick(appended) if step == "tick" else change(appended))
            appended += 1
            continue
        found = ring.since(cursor, limit_values=limit)
        if found.entries:
            assert found.reset or found.first_number == seen + 1
            assert [entry.at_s for entry in found.entries] == [n - 1 for n in numbers(found)]
            seen = numbers(found)[-1]
        assert found.more == (seen < appended)
        cursor = found.cursor
    assert seen == appended
