"""An hour of samples, packed and unpacked: the same within the precision that is promised."""

from __future__ import annotations

from struct import pack as as_bytes
from struct import unpack as of_bytes

from hypothesis import given
from hypothesis import strategies as st

from apps.metrics import packed
from apps.metrics.measures import MEASURES

LARGEST = 2.0**48


def four_bytes(value: float) -> float:
    """As a four-byte column keeps it."""
    return float(of_bytes("<f", as_bytes("<f", value))[0])


VALUES = st.none() | st.floats(0, LARGEST).map(four_bytes)
CORES = st.none() | st.floats(0, 1000).map(four_bytes)
WHOLE = st.none() | st.integers(0, 2**24).map(float)


def values_of(name: str) -> st.SearchStrategy[float | None]:
    if name in packed.SCALES:
        return CORES
    return VALUES if name in packed.RATES else WHOLE


ROWS = st.dictionaries(
    st.integers(1_790_000_000, 1_790_003_599),
    st.tuples(*(values_of(name) for name in MEASURES)),
    min_size=1,
    max_size=40,
).map(lambda rows: sorted(rows.items()))


def close(name: str, before: float | None, after: float | None) -> bool:
    if before is None or after is None:
        return before is after
    if name in packed.RATES:
        return abs(after - before) <= before / 4096 + 1e-30
    scale = packed.SCALES.get(name)
    return abs(after - before) <= 0.5001 / scale if scale else after == before


@given(ROWS)
def test_what_is_unpacked_is_what_was_packed_within_its_precision(rows):
    found = packed.unpack(packed.pack(rows))

    assert [at_s for at_s, _values in found] == [at_s for at_s, _values in rows]
    for (_, before), (_, after) in zip(rows, found, strict=True):
        for name, old, new in zip(MEASURES, before, after, strict=True):
            assert close(name, old, new), (name, old, new)


@given(ROWS)
def test_packing_again_changes_nothing(rows):
    once = packed.unpack(packed.pack(rows))

    assert packed.unpack(packed.pack(once)) == once


def test_an_hour_in_which_nothing_changes_takes_next_to_nothing():
    values = (0.0, 2.0**30, 0.0, 0.0, 0.0, 0.0, 3.0, None, None, None, None)
    rows = [(1_790_000_000 + 10 * number, values) for number in range(360)]

    assert len(packed.pack(rows)) < 120
