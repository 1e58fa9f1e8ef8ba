"""What a browser that was away is owed, and which WebSockets are let in."""

from __future__ import annotations

import pytest

from apps.metrics.views import since_of
from dce_portal.live_session import missed_since, read_since, read_topics
from dce_portal.websocket_origin import is_same

RING = [{"seq": seq} for seq in (5, 6, 7)]


@pytest.mark.parametrize(
    ("since", "owed"),
    [
        (7, []),
        (5, [6, 7]),
        (4, [5, 6, 7]),
        (3, None),
        (8, None),
    ],
)
def test_what_was_missed_is_told_only_without_a_gap(since, owed):
    missed = missed_since(RING, since)

    assert (None if missed is None else [frame["seq"] for frame in missed]) == owed


def test_an_empty_ring_owes_nothing_that_could_be_told():
    assert missed_since([], 0) is None


@pytest.mark.parametrize("value", [None, "node:1", [], [1], [""], ["x" * 81], ["a"] * 65, {"a": 1}])
def test_topics_that_cannot_be_are_refused(value):
    with pytest.raises(ValueError, match="topics"):
        read_topics(value)


def test_topics_are_asked_for_once_and_numbers_are_numbers():
    assert read_topics(["node:1", "node:1"]) == ["node:1"]
    assert read_since({"node:1": 4, "node:2": "4", "node:3": True}) == {"node:1": 4}
    assert read_since([1]) == {}
    assert since_of("cluster:1=52,node:3=x,=,node:4=7") == {"cluster:1": 52, "node:4": 7}


@pytest.mark.parametrize(
    ("origin", "host", "same"),
    [
        ("http://portal.example:8080", "portal.example:8080", True),
        ("https://Portal.example", "portal.example", True),
        ("http://portal.example:8081", "portal.example:8080", False),
        ("http://evil.example", "portal.example", False),
        ("null", "portal.example", False),
        ("http://[", "portal.example", False),
        ("http://portal.example", "", False),
    ],
)
def test_only_the_portals_own_pages_open_a_line(origin, host, same):
    assert is_same(origin, host) is same
