"""What people type for values and spans."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts.rules.amounts import (
    NotAnAmount,
    amount_of,
    span_of,
    typed_amount,
    typed_span,
)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("90", "%", 90),
        ("90 %", "%", 90),
        ("1,5", "cores", 1.5),
        ("512 MiB", "bytes", 512 * 2**20),
        ("1 GB", "bytes", 10**9),
        ("10 MiB/s", "bytes/s", 10 * 2**20),
        ("5 min", "s", 300),
        ("300", "s", 300),
        ("2 d", "h", 48),
        ("48", "h", 48),
        ("-1", "managers", -1),
    ],
)
def test_a_number_with_its_unit(text: str, unit: str, value: float) -> None:
    assert amount_of(text, unit) == value


@pytest.mark.parametrize("text", ["", "many", "5 min", "1e400", "9" * 30, "1 2", "٣"])
def test_what_is_no_size_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(NotAnAmount) as refused:
        amount_of(text, "bytes")
    assert str(refused.value).endswith(".")


def test_spans() -> None:
    assert [span_of(text) for text in ("0", "90 s", "5 min", "1 h", "2 d")] == [
        0,
        90,
        300,
        3600,
        172800,
    ]
    with pytest.raises(NotAnAmount):
        span_of("-5 min")


@given(st.integers(0, 10**7))
def test_what_is_shown_can_be_typed_again(seconds: int) -> None:
    assert span_of(typed_span(seconds)) == seconds


@given(
    st.integers(0, 10**9), st.sampled_from(["bytes", "bytes/s", "s", "h", "%", "cores", "times"])
)
def test_so_can_any_value(value: int, unit: str) -> None:
    assert amount_of(typed_amount(value, unit), unit) == value
