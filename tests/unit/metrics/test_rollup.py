"""Minutes are summed up from samples: exactly, in any order, and each sample once."""

from __future__ import annotations

from math import isclose

from hypothesis import given
from hypothesis import strategies as st

from apps.metrics.rollup import Point, Summary, minute_of, roll_up

values = st.none() | st.floats(min_value=0, max_value=1e12, allow_nan=False)
points = st.builds(
    Point,
    object_id=st.integers(1, 3),
    at_s=st.integers(0, 600),
    values=st.fixed_dictionaries({"cpu_cores": values, "memory_bytes": values}),
)
distinct_points = st.lists(points, unique_by=lambda point: (point.object_id, point.at_s))


@given(distinct_points, st.randoms())
def test_the_order_of_arrival_does_not_matter(samples, random):
    shuffled = list(samples)
    random.shuffle(shuffled)

    assert roll_up(shuffled) == roll_up(samples)


@given(distinct_points)
def test_a_sample_that_comes_twice_counts_once(samples):
    assert roll_up([*samples, *samples]) == roll_up(samples)


@given(distinct_points)
def test_adding_minutes_gives_the_whole_never_an_average_of_averages(samples):
    known = [p.values["cpu_cores"] for p in samples if p.values["cpu_cores"] is not None]
    parts = [m["cpu_cores"] for m in roll_up(samples).values() if "cpu_cores" in m]
    if not parts:
        assert not known
        return

    whole = parts[0]
    for part in parts[1:]:
        whole += part

    assert whole.count == len(known)
    assert (whole.min, whole.max) == (min(known), max(known))
    assert isclose(whole.mean, sum(known) / len(known), rel_tol=1e-9, abs_tol=1e-9)


def test_unequal_minutes_weigh_by_their_samples():
    minutes = roll_up(
        [Point(1, at_s, {"cpu_cores": value}) for at_s, value in ((0, 1.0), (60, 4.0), (70, 4.0))]
    )

    whole = minutes[1, 0]["cpu_cores"] + minutes[1, 60]["cpu_cores"]

    assert whole == Summary(count=3, sum=9.0, min=1.0, max=4.0)
    assert whole.mean == 3.0


def test_a_minute_begins_at_its_first_second():
    assert [minute_of(at_s) for at_s in (0, 59, 60, 119)] == [0, 0, 60, 60]
