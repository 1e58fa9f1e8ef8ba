"""Differences of polls: applying one gives what was seen, and a second finds nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from apps.nodes.ports import NodeInfo
from apps.nodes.rules.diff import newest, node_happenings
from dce_portal.difference import applied, compare
from tests.factories.infos import node_info

NODES = st.builds(
    node_info,
    st.sampled_from("abcde"),
    state=st.sampled_from(["ready", "down"]),
    availability=st.sampled_from(["active", "drain"]),
    labels=st.dictionaries(st.sampled_from("xy"), st.sampled_from("12")),
    version_index=st.integers(1, 3),
)
LISTS = st.lists(NODES, unique_by=lambda node: node.native_id)


def by_id(nodes: list[NodeInfo]) -> dict[str, NodeInfo]:
    return {node.native_id: node for node in nodes}


@given(stored=LISTS, seen=LISTS)
def test_applying_a_difference_gives_what_was_seen(
    stored: list[NodeInfo], seen: list[NodeInfo]
) -> None:
    difference = compare(by_id(stored), seen)
    assert applied(by_id(stored), difference) == by_id(seen)


@given(stored=LISTS, seen=LISTS)
def test_a_second_difference_is_empty(stored: list[NodeInfo], seen: list[NodeInfo]) -> None:
    after = applied(by_id(stored), compare(by_id(stored), seen))
    assert not compare(after, seen)


@given(stored=LISTS, seen=LISTS)
def test_only_what_differs_is_written(stored: list[NodeInfo], seen: list[NodeInfo]) -> None:
    difference = compare(by_id(stored), seen)
    assert all(by_id(stored).get(node.native_id) != node for node in difference.to_write)


@given(stored=LISTS, seen=LISTS)
def test_a_version_never_goes_back(stored: list[NodeInfo], seen: list[NodeInfo]) -> None:
    kept = by_id(newest(by_id(stored), seen))
    assert kept.keys() == by_id(seen).keys()
    for key, node in kept.items():
        assert node.version_index >= by_id(stored).get(key, node).version_index


def kinds(before: list[NodeInfo], after: list[NodeInfo]) -> dict[str, str]:
    found = node_happenings(compare(by_id(before), after))
    return {happening.kind: happening.severity for happening in found}


def test_what_happens_to_nodes_is_told() -> None:
    ready, down = node_info(), node_info(state="down", status_message="heartbeat failure")
    assert kinds([], [ready]) == {"node.joined": "info"}
    assert kinds([ready], []) == {"node.removed": "warning"}
    assert kinds([ready], [down]) == {"node.down": "error"}
    assert kinds([down], [ready]) == {"node.ready": "info"}
    assert kinds([ready], [node_info(availability="drain")]) == {"node.availability": "info"}
    assert kinds([ready], [node_info(labels={"a": "b"})]) == {}
