"""Changes of a node from the wish to the Swarm and back into the row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from apps.nodes import backends
from apps.nodes.adapters.fakes.cluster import FakeSwarm, FakeSwarmState
from apps.nodes.models import Cluster, Node
from apps.nodes.ports import NodeChange
from apps.nodes.services import apply_cluster_snapshot, request_node_change
from dce_portal import operations
from dce_portal.errors import InvalidInput, Unsupported
from dce_portal.models import Operation
from dce_portal.origin import PORTAL
from tests.factories.cluster import ClusterFactory, NodeFactory
from tests.factories.infos import cluster_snapshot, fake_swarm_state, node_info

pytestmark = pytest.mark.django_db


class Meddler(FakeSwarm):
    """A Swarm in which somebody else writes between our read and our write."""

    meddle: Callable[[FakeSwarmState], None]

    async def update_node(self, native_id: str, *, change: NodeChange, version_index: int) -> None:
        self.meddle(self.state)
        await super().update_node(native_id, change=change, version_index=version_index)


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> FakeSwarmState:
    shared = fake_swarm_state(node_info(labels={"zone": "a", "disk": "ssd"}))
    monkeypatch.setattr(backends, "cluster_port", lambda _cluster: FakeSwarm(shared))
    return shared


@pytest.fixture
def node(state: FakeSwarmState) -> Node:
    cluster = Cluster.objects.create(name="swarm", kind="swarm", native_id="swarm-1")
    snapshot = cluster_snapshot(nodes=tuple(state.nodes.values()))
    apply_cluster_snapshot(cluster.pk, snapshot=snapshot)
    return Node.objects.select_related("cluster").get()


def carry_out(node: Node, change: NodeChange) -> Operation:
    operation = request_node_change(node=node, change=change, origin=PORTAL)
    operations.execute(str(operation.pk))
    operation.refresh_from_db()
    return operation


def test_a_drain_reaches_the_swarm_and_the_row(node: Node, state: FakeSwarmState) -> None:
    operation = carry_out(node, NodeChange(availability="drain"))
    assert (operation.state, operation.error) == ("succeeded", "")
    assert operation.title == "Drain host-n1"
    assert state.nodes["n1"].availability == "drain"
    node.refresh_from_db()
    assert node.availability == "drain"
    assert node.version_index == state.nodes["n1"].version_index


def test_labels_are_merged_with_what_others_set_meanwhile(
    node: Node, state: FakeSwarmState
) -> None:
    wish = NodeChange(labels={"zone": "b", "disk": "ssd"})
    operation = request_node_change(node=node, change=wish, origin=PORTAL)
    state.put(replace(state.nodes["n1"], labels={"zone": "a", "other": "1"}))
    operations.execute(str(operation.pk))
    assert state.nodes["n1"].labels == {"zone": "b", "other": "1"}


def meddling(state: FakeSwarmState, *, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    left = [times]

    def meddle(_port: Any, shared: FakeSwarmState) -> None:
        if left[0]:
            left[0] -= 1
            shared.put(replace(shared.nodes["n1"], labels={"round": str(left[0])}))

    monkeypatch.setattr(Meddler, "meddle", meddle, raising=False)
    monkeypatch.setattr(backends, "cluster_port", lambda _cluster: Meddler(state))


def test_a_conflict_is_tried_again_on_the_newest_version(
    node: Node, state: FakeSwarmState, monkeypatch: pytest.MonkeyPatch
) -> None:
    meddling(state, times=2, monkeypatch=monkeypatch)
    operation = carry_out(node, NodeChange(availability="pause"))
    assert (operation.state, operation.result["tries"]) == ("succeeded", 3)
    assert state.nodes["n1"].labels == {"round": "0"}


def test_after_three_conflicts_it_says_that_it_changed_meanwhile(
    node: Node, state: FakeSwarmState, monkeypatch: pytest.MonkeyPatch
) -> None:
    meddling(state, times=9, monkeypatch=monkeypatch)
    operation = carry_out(node, NodeChange(availability="pause"))
    assert operation.state == "failed"
    assert "changed meanwhile" in operation.error
    assert state.nodes["n1"].availability == "active"


def test_a_swarm_that_does_not_answer_is_told(node: Node, state: FakeSwarmState) -> None:
    state.unreachable.add("fake://manager")
    operation = carry_out(node, NodeChange(availability="drain"))
    assert (operation.state, operation.error) == ("failed", "No manager answers.")


def test_a_node_that_is_gone_is_told(node: Node) -> None:
    change = NodeChange(availability="drain")
    operation = request_node_change(node=node, change=change, origin=PORTAL)
    node.delete()
    operations.execute(str(operation.pk))
    operation.refresh_from_db()
    assert "no longer known" in operation.error


@pytest.mark.parametrize(
    ("change", "error", "field"),
    [
        (NodeChange(availability="gone"), InvalidInput, "availability"),
        (NodeChange(labels={"bad key": "x"}), InvalidInput, "labels"),
        (NodeChange(labels={"zone": "a", "disk": "ssd"}), InvalidInput, None),
        (NodeChange(), InvalidInput, None),
        (NodeChange(role="manager"), Unsupported, None),
    ],
)
def test_a_wish_that_cannot_be_is_refused_before_it_starts(
    node: Node, change: NodeChange, error: type[InvalidInput], field: str | None
) -> None:
    with pytest.raises(error) as caught:
        request_node_change(node=node, change=change, origin=PORTAL)
    assert caught.value.field == field
    assert not Operation.objects.exists()


def test_a_single_engine_cannot_be_changed() -> None:
    single = NodeFactory(cluster=ClusterFactory(kind="engines"))
    with pytest.raises(Unsupported, match="single engine"):
        request_node_change(node=single, change=NodeChange(availability="drain"), origin=PORTAL)
