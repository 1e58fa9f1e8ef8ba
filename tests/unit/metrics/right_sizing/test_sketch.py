"""Sketches give quantiles within one per cent, and add up as if all values had been counted at once."""

from __future__ import annotations

import random
from collections import Counter
from math import ceil

import pytest

from apps.metrics.right_sizing import sketch


def sketch_of(values, scale=sketch.CPU) -> Counter[int]:
    return Counter(scale.bin_of(value) for value in values)


def exact(values, part) -> float:
    """The nearest rank, as books define it."""
    return sorted(values)[ceil(part * len(values)) - 1]


@pytest.mark.parametrize("part", [0.01, 0.5, 0.95, 0.99, 1.0])
@pytest.mark.parametrize("scale", [sketch.CPU, sketch.MEMORY])
def test_a_quantile_is_within_one_per_cent(part, scale):
    draw = random.Random(7)
    values = [scale.least * draw.lognormvariate(5, 2) + scale.least for _ in range(5000)]

    found = scale.quantile(sketch_of(values, scale), part)

    assert found == pytest.approx(exact(values, part), rel=0.0101)


def test_days_add_up_to_what_all_values_give():
    draw = random.Random(8)
    days = [[draw.expovariate(2) for _ in range(500)] for _ in range(14)]

    together = sketch.added(sketch_of(day) for day in days)

    assert together == sketch_of([value for day in days for value in day])


def test_next_to_nothing_is_nothing():
    bins = sketch_of([0.0, 0.0005, 0.0])

    assert sketch.CPU.quantile(bins, 0.95) == 0.0
    assert sketch.CPU.quantile({}, 0.95) is None


def test_a_sketch_comes_back_from_its_column():
    bins = sketch_of([0.0, 0.2, 0.2, 40.0])

    assert sketch.unpacked(sketch.packed(bins)) == bins
