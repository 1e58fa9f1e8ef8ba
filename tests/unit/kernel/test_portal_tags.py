"""How pages write sizes, ids and states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.template import Context, Template

from dce_portal.templatetags import portal

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("size", "text"),
    [(None, "–"), (0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (212 * 2**30, "212 GiB")],
)
def test_sizes_are_in_the_unit_that_fits(size, text):
    assert portal.bytes_human(size) == text


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (42, "42 s ago"),
        (120, "2 min ago"),
        (7200, "2 h ago"),
        (86400, "1 day ago"),
        (-5, "0 s ago"),
    ],
)
def test_an_age_is_in_its_largest_unit_with_the_moment_on_hover(age, words):
    with time_machine.travel(NOW, tick=False):
        html = portal.ago(NOW - timedelta(seconds=age))

    assert words in html
    assert 'title="2026-01-0' in html


def test_ids_are_shortened():
    assert portal.short_id("sha256:" + "ab" * 32) == "abababababab"
    assert portal.middle("x" * 50, 11) == "xxxxx…xxxxx"
    assert portal.middle("short") == "short"


def test_a_state_has_a_shape_and_a_word():
    html = Template('{% load portal %}{% state "bad" "down" %}').render(Context())

    assert "■" in html
    assert "down" in html
    assert [portal.tone_of(word) for word in ("Running", "rejected", "odd")] == [
        "good",
        "bad",
        "off",
    ]


def test_what_is_copied_is_escaped():
    html = Template("{% load portal %}{% copy text %}").render(Context({"text": '<"x">'}))

    assert "<code" in html
    assert '<"x">' not in html
