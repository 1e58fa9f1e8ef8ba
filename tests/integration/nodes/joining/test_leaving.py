"""What a host's leave does to its Swarm."""

from __future__ import annotations

import pytest

from apps.accounts.models import User
from apps.nodes import backends
from apps.nodes.adapters.fakes.cluster import FakeSwarm, FakeSwarmState
from apps.nodes.models import Cluster, EngineEndpoint, Join, Node
from tests.factories.cluster import ClusterFactory
from tests.factories.infos import node_info
from tests.factories.joining import HostTwin, answer_of_poll, certified, join_token_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_authority")]

MANAGER = "tcp://10.0.0.99:2376"


def left(
    person: User, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, *, unreachable: set[str]
) -> tuple[FakeSwarmState, str]:
    """A Swarm with another manager after its worker's leave, and what the host was told of it."""
    state = FakeSwarmState(unreachable=unreachable)
    state.put(node_info("node1", hostname="host1", role="worker"))
    monkeypatch.setattr(backends, "cluster_port", lambda _cluster: FakeSwarm(state, [MANAGER]))
    EngineEndpoint.objects.create(url=MANAGER, cluster=cluster, is_manager=True)
    host = HostTwin(join_token_of(person, cluster=cluster).secret)
    certified(host)
    answer_of_poll(host, cluster=cluster)
    host.ask("result")
    host.ask("leave", stage="begin")
    engines = ClusterFactory(kind=Cluster.Kind.ENGINES, native_id="")
    answer_of_poll(host, cluster=engines, native_id="ENGINE1")
    return state, host.ask("leave", stage="end")["note"]


def test_a_host_that_left_is_in_no_list_of_nodes(
    administrator: User, swarm: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, note = left(administrator, swarm, monkeypatch, unreachable=set())
    assert (state.nodes, note) == ({}, "")
    assert not Node.objects.filter(native_id="ENGINE1").exists()


def test_a_swarm_that_cannot_be_told_is_named_and_stops_no_leave(
    administrator: User, swarm: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, note = left(administrator, swarm, monkeypatch, unreachable={MANAGER})
    assert list(state.nodes) == ["node1"]
    assert note.startswith("The Swarm still lists host1: No manager answers.")
    assert Join.objects.get().state == "left"
