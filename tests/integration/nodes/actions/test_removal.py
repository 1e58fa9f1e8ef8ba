"""A node's removal: gently, by force, cancelled, and where it is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.nodes.adapters.fakes.cluster import FakeEngine, FakeSwarmState
from apps.nodes.models import Cluster, ClusterEvent, EngineEndpoint, Node
from apps.nodes.services import removal
from dce_portal import operations
from dce_portal.models import Operation
from tests.factories.cluster import NodeFactory
from tests.factories.infos import (
    identity,
    worker,
)
from tests.factories.node_actions import page_url, start

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]


def test_a_removal_asks_for_the_name(
    nodes: dict[str, Node], administrator: User, signed_in: SignedIn
) -> None:
    client, url = signed_in(administrator), page_url(nodes["n3"], "remove")
    assert "Type host-n3 to confirm" in client.get(url).content.decode()
    page = client.post(url, {"typed_name": "host-n2"})
    assert page.status_code == 200
    assert "Nothing was started." in page.content.decode()
    assert not Operation.objects.exists()


def test_a_ready_node_is_drained_leaves_and_is_forgotten(
    nodes: dict[str, Node],
    state: FakeSwarmState,
    engine: FakeEngine,
    administrator: User,
    signed_in: SignedIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state.tasks = ()
    monkeypatch.setattr(removal, "DOWN_TAKES_AT_MOST_S", 0)
    operation = start(
        signed_in(administrator), nodes["n3"], "remove", typed_name=nodes["n3"].hostname
    )
    assert (operation.state, operation.error) == ("succeeded", "")
    assert engine.who.swarm is None
    assert "n3" not in state.nodes
    assert not Node.objects.filter(native_id="n3").exists()
    assert not EngineEndpoint.objects.filter(url="unix:///n3").exists()
    assert ClusterEvent.objects.filter(kind="node.removed", subject_id="n3").exists()


def test_a_node_that_stays_busy_is_kept(
    nodes: dict[str, Node],
    state: FakeSwarmState,
    engine: FakeEngine,
    administrator: User,
    signed_in: SignedIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(removal, "DRAIN_TAKES_AT_MOST_S", 0)
    operation = start(
        signed_in(administrator), nodes["n3"], "remove", typed_name=nodes["n3"].hostname
    )
    assert operation.state == "failed"
    assert "1 task still runs here" in operation.error
    assert state.nodes["n3"].availability == "drain"
    assert engine.who.swarm is not None


def test_a_removal_is_cancelled_while_it_drains(
    nodes: dict[str, Node],
    state: FakeSwarmState,
    engine: FakeEngine,
    administrator: User,
    signed_in: SignedIn,
) -> None:
    client = signed_in(administrator)
    client.post(page_url(nodes["n3"], "remove"), {"typed_name": nodes["n3"].hostname})
    operation = Operation.objects.get()
    Operation.objects.filter(pk=operation.pk).update(cancel_requested=True)
    operations.execute(str(operation.pk))
    operation.refresh_from_db()
    assert operation.state == "cancelled"
    assert "stays in the Swarm, drained" in operation.log[-1]["text"]
    assert "n3" in state.nodes


def test_another_engine_behind_the_address_is_left_alone(
    nodes: dict[str, Node],
    state: FakeSwarmState,
    engine: FakeEngine,
    administrator: User,
    signed_in: SignedIn,
) -> None:
    engine.who = identity("other", swarm=worker("n9"))
    operation = start(
        signed_in(administrator), nodes["n3"], "remove", typed_name=nodes["n3"].hostname
    )
    assert "Another engine answers" in operation.error
    assert state.nodes["n3"].availability == "active"


def test_a_dead_node_is_removed_by_force_unless_it_came_back(
    nodes: dict[str, Node], state: FakeSwarmState, administrator: User, signed_in: SignedIn
) -> None:
    Node.objects.filter(pk=nodes["n3"].pk).update(state="down")
    client, name = signed_in(administrator), nodes["n3"].hostname
    assert "without being asked" in client.get(page_url(nodes["n3"], "remove")).content.decode()
    operation = start(client, nodes["n3"], "remove", typed_name=name)
    assert "no longer down" in operation.error
    operation.delete()
    state.put(replace(state.nodes["n3"], state="down"))
    assert start(client, nodes["n3"], "remove", typed_name=name).state == "succeeded"
    assert "n3" not in state.nodes


def test_a_ready_node_whose_engine_cannot_be_asked_says_what_to_do(
    nodes: dict[str, Node], administrator: User, signed_in: SignedIn
) -> None:
    EngineEndpoint.objects.filter(node=nodes["n3"]).delete()
    page = signed_in(administrator).get(page_url(nodes["n3"], "remove")).content.decode()
    assert "docker swarm leave" in page


def test_a_single_engine_and_a_lost_cluster_are_forgotten(
    administrator: User, signed_in: SignedIn
) -> None:
    for kind in (Cluster.Kind.ENGINES, Cluster.Kind.SWARM):
        lost = NodeFactory(cluster__kind=kind, cluster__stale_since=timezone.now())
        EngineEndpoint.objects.create(url="unix:///gone", node=lost, cluster=lost.cluster)
        operation = start(signed_in(administrator), lost, "remove", typed_name=lost.hostname)
        assert (operation.state, operation.result["way"]) == ("succeeded", "forget")
        assert not Node.objects.filter(pk=lost.pk).exists()
        assert not Cluster.objects.filter(pk=lost.cluster_id).exists()
        operation.delete()
