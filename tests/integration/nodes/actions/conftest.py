"""A Swarm of three nodes of which two are managers, with a service, and the third one's engine."""

from __future__ import annotations

import pytest

from apps.nodes import backends
from apps.nodes.adapters.fakes.cluster import FakeEngine, FakeSwarm, FakeSwarmState
from apps.nodes.models import Cluster, EngineEndpoint, Node
from apps.nodes.ports import EngineAddress
from apps.nodes.services import apply_cluster_snapshot
from tests.factories.infos import (
    cluster_snapshot,
    fake_swarm_state,
    identity,
    node_info,
    service_info,
    task_info,
    worker,
)


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> FakeSwarmState:
    manager = {"role": "manager", "reachability": "reachable"}
    shared = fake_swarm_state(
        node_info("n1", is_leader=True, **manager), node_info("n2", **manager), node_info("n3")
    )
    shared.services = (service_info("s1", name="web", memory_reservation_bytes=2**30),)
    shared.tasks = (task_info("t1", node_id="n3"),)
    monkeypatch.setattr(backends, "cluster_port", lambda _cluster: FakeSwarm(shared))
    return shared


@pytest.fixture
def nodes(state: FakeSwarmState) -> dict[str, Node]:
    cluster = Cluster.objects.create(name="swarm", kind="swarm", native_id="swarm-1")
    snapshot = cluster_snapshot(
        nodes=tuple(state.nodes.values()), services=state.services, tasks=state.tasks
    )
    apply_cluster_snapshot(cluster.pk, snapshot=snapshot)
    rows = {node.native_id: node for node in Node.objects.select_related("cluster")}
    for name, row in rows.items():
        is_manager = row.role == "manager"
        EngineEndpoint.objects.create(
            url=f"unix:///{name}", node=row, cluster=cluster, is_manager=is_manager
        )
    return {node.native_id: node for node in Node.objects.select_related("cluster", "endpoint")}


@pytest.fixture
def engine(state: FakeSwarmState, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """The third node's engine; its tasks end as soon as the node is drained."""
    fake = FakeEngine(EngineAddress("unix:///n3"), identity(swarm=worker("n3")))
    monkeypatch.setattr(backends, "engine_port", lambda _address: fake)
    return fake
