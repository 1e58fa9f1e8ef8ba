"""The dashboard's address: what it means, and that nothing in it can break the page."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from apps.metrics.dashboard.wish import Wish, read_wish


def test_an_empty_address_means_what_is_usual():
    assert read_wish({}) == Wish()
    assert Wish().query() == ""


def test_an_address_comes_back_as_it_was():
    text = "cluster=3&range=24h&heat=disk&by=network&kiosk=1&rotate=30&theme=light"

    assert read_wish(QueryDict(text)).query() == text


def test_one_thing_is_changed_and_the_rest_kept():
    wish = read_wish(QueryDict("cluster=3&range=7d&kiosk=1"))

    assert wish.query(range="1h", kiosk=False) == "cluster=3&range=1h"
    assert wish.range_s == 7 * 86400


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("", 0), ("0", 0), ("1", 5), ("30", 30), ("999999", 3600), ("-5", 0), ("٣", 0), ("9" * 99, 0)],
)
def test_turning_is_neither_dizzying_nor_endless(text, seconds):
    assert read_wish({"rotate": text}).rotate_s == seconds


@pytest.mark.parametrize("name", ["range", "heat", "by", "theme"])
@pytest.mark.parametrize("word", ["", "nonsense", "<script>", "\0"])
def test_what_means_nothing_is_passed_over(name, word):
    assert read_wish({name: word}) == Wish()
