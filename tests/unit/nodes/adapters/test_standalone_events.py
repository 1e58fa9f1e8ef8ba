"""Events that stand side by side, wherever the network cuts them."""

from __future__ import annotations

import json

import pytest

from apps.nodes.adapters.standalone.events import MOST_CHARACTERS, EventDecoder
from dce_portal.errors import Unavailable

EVENTS = [
    {
        "status": "start",
        "id": "c1",
        "from": "team/app:1 node:node-1",
        "Type": "container",
        "Action": "start",
        "Actor": {"ID": "c1", "Attributes": {"name": "wéb", "node.name": "node-1"}},
        "time": 1767323045,
        "timeNano": 1767323045123456789,
        "node": {"Name": "node-1", "Id": "A", "Addr": "192.0.2.11:2375", "Ip": "192.0.2.11"},
    },
    {"status": "engine_disconnect", "from": "swarm", "time": 1767323046},
]
STREAM = "".join(json.dumps(event, ensure_ascii=False) for event in EVENTS).encode()


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_the_events_are_the_same_however_they_are_cut(size: int) -> None:
    decoder = EventDecoder()
    chunks = [STREAM[start : start + size] for start in range(0, len(STREAM), size)]
    first, second = [event for chunk in chunks for event in decoder.feed(chunk)]
    assert (first.kind, first.action, first.subject_id) == ("container", "start", "c1")
    assert (first.node_name, first.node_address) == ("node-1", "192.0.2.11:2375")
    assert first.attributes["name"] == "wéb"
    assert first.at.isoformat() == "2026-01-02T03:04:05.123457+00:00"
    assert (second.action, second.source, second.node_name) == ("engine_disconnect", "swarm", "")


def test_line_ends_between_them_do_not_matter() -> None:
    assert len(list(EventDecoder().feed(STREAM.replace(b"}{", b"}\n{")))) == 2


def test_an_object_without_end_is_given_up() -> None:
    with pytest.raises(Unavailable):
        list(EventDecoder().feed(b'{"status": "' + b"a" * (MOST_CHARACTERS + 1)))


@pytest.mark.parametrize("odd", [b"1 ", b'"text" ', b'{"time": 1e300}', b'{"timeNano": -5}'])
def test_what_is_no_event_is_passed_over_or_read_with_defaults(odd: bytes) -> None:
    assert len(list(EventDecoder().feed(odd + STREAM))) >= 2
