"""What a browser that was away is owed, and which WebSockets are let in."""

from __future__ import annotations

import json

import pytest

from apps.metrics.views import since_of
from dce_portal import live_topic
from dce_portal.live_session import read_since, read_topics
from dce_portal.live_topic import replay_of
from dce_portal.websocket_origin import is_same

RING = [b'{"seq":%d,"sent":1,"topic":"node:1","data":{"at":%d}}' % (seq, seq) for seq in (5, 6, 7)]


@pytest.mark.parametrize(("since", "owed"), [(7, []), (5, [6, 7]), (4, [5, 6, 7])])
def test_what_was_missed_is_told(since, owed):
    text, last = replay_of("node:1", RING[len(RING) - len(owed) :], since=since)

    assert [frame["data"]["at"] for frame in json.loads(text)["frames"]] == owed
    assert last == 7


def test_a_hole_in_the_numbers_is_no_replay():
    assert replay_of("node:1", [RING[0], RING[2]], since=4) is None
    assert replay_of("node:1", RING[1:], since=4) is None


def test_a_replay_that_is_longer_than_a_page_should_load_is_none(monkeypatch):
    monkeypatch.setattr(live_topic, "LARGEST_REPLAY", 100)

    assert replay_of("node:1", RING, since=4) is None


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
