"""Sizes as people write them."""

from __future__ import annotations

import pytest

from apps.policies.forms.rules import read_size, shown_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("500", 500),
        ("1 KiB", 1024),
        ("2MB", 2_000_000),
        ("1.5 GiB", 1_610_612_736),
        ("3g", 3 * 10**9),
    ],
)
def test_units(text: str, size: int) -> None:
    assert read_size(text) == size


@pytest.mark.parametrize("text", ["", "much", "-1", "1 XB", "99999999999999 TiB"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match=text.rsplit(maxsplit=1)[-1] if text else "^$"):
        read_size(text)


def test_a_size_comes_back_as_it_was_meant() -> None:
    assert [shown_size(size) for size in (None, 1500, 20 * 1024**3)] == ["", "1500", "20 GiB"]
    assert read_size(shown_size(7 * 1024**2)) == 7 * 1024**2
