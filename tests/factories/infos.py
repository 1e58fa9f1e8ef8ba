"""What engines and managers say, as the ports' dataclasses, with plain values where a test does not care."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from apps.nodes.adapters.fakes.cluster import FakeEngine, FakeSwarmState
from apps.nodes.ports import (
    ClusterSnapshot,
    ContainerInfo,
    EngineAddress,
    EngineIdentity,
    EngineSnapshot,
    ImageInfo,
    NodeInfo,
    ServiceInfo,
    SwarmMembership,
    TaskInfo,
)

MADE_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def node_info(native_id: str = "n1", **values: Any) -> NodeInfo:
    known: dict[str, Any] = {
        "hostname": f"host-{native_id}",
        "role": "worker",
        "availability": "active",
        "state": "ready",
        "status_message": "",
        "address": "10.0.0.1",
        "reachability": "",
        "is_leader": False,
        "engine_version": "26.1.0",
        "os": "linux",
        "architecture": "x86_64",
        "cpu_count": 2.0,
        "memory_bytes": 2**31,
        "labels": {},
        "engine_labels": {},
        "version_index": 11,
    }
    return NodeInfo(native_id=native_id, **known | values)


def service_info(native_id: str = "s1", **values: Any) -> ServiceInfo:
    known: dict[str, Any] = {
        "name": f"service-{native_id}",
        "stack": "",
        "image": "team/app:1",
        "mode": "replicated",
        "desired_tasks": 1,
        "update_state": "",
        "update_message": "",
        "labels": {},
        "ports": (),
        "cpu_limit": 0.0,
        "memory_limit_bytes": 0,
        "cpu_reservation": 0.0,
        "memory_reservation_bytes": 0,
        "created_at": MADE_AT,
        "updated_at": MADE_AT,
        "version_index": 20,
    }
    return ServiceInfo(native_id=native_id, **known | values)


def task_info(native_id: str = "t1", **values: Any) -> TaskInfo:
    known: dict[str, Any] = {
        "service_id": "s1",
        "node_id": "n1",
        "slot": 1,
        "state": "running",
        "desired_state": "running",
        "message": "started",
        "error": "",
        "image": "team/app:1",
        "container_id": "c1",
        "exit_code": None,
        "created_at": MADE_AT,
        "updated_at": MADE_AT,
    }
    return TaskInfo(native_id=native_id, **known | values)


def container_info(native_id: str = "c1", **values: Any) -> ContainerInfo:
    known: dict[str, Any] = {
        "name": f"container-{native_id}",
        "image": "team/app:1",
        "image_id": "sha256:abc",
        "command": "run",
        "state": "running",
        "status": "Up 3 minutes",
        "health": "",
        "created_at": MADE_AT,
        "labels": {},
        "ports": (),
        "networks": (),
        "service_id": "",
        "task_id": "",
        "stack": "",
    }
    return ContainerInfo(native_id=native_id, **known | values)


def image_info(native_id: str = "sha256:abc", **values: Any) -> ImageInfo:
    known: dict[str, Any] = {
        "tags": ("team/app:1",),
        "digests": (),
        "size_bytes": 1000,
        "created_at": MADE_AT,
        "labels": {},
    }
    return ImageInfo(native_id=native_id, **known | values)


def identity(
    engine_id: str = "engine-1", *, swarm: SwarmMembership | None = None, **values: Any
) -> EngineIdentity:
    known: dict[str, Any] = {
        "hostname": f"host-{engine_id}",
        "engine_version": "26.1.0",
        "api_version": "1.45",
        "os": "linux",
        "architecture": "x86_64",
        "cpu_count": 2.0,
        "memory_bytes": 2**31,
        "labels": {},
    }
    return EngineIdentity(engine_id=engine_id, swarm=swarm, **known | values)


def manager(node_id: str = "n1", *, cluster_id: str = "swarm-1") -> SwarmMembership:
    return SwarmMembership(node_id, cluster_id, True, "10.0.0.1", ("10.0.0.1:2377",))


def worker(node_id: str = "n2") -> SwarmMembership:
    return SwarmMembership(node_id, "", False, "10.0.0.2", ("10.0.0.1:2377",))


def cluster_snapshot(**values: Any) -> ClusterSnapshot:
    known: dict[str, Any] = {
        "native_id": "swarm-1",
        "taken_at": timezone.now(),
        "source": "unix:///one",
        "nodes": (node_info(),),
        "services": (),
        "tasks": (),
    }
    return ClusterSnapshot(**known | values)


def engine_snapshot(who: EngineIdentity | None = None, **values: Any) -> EngineSnapshot:
    known: dict[str, Any] = {
        "taken_at": timezone.now(),
        "containers": (),
        "counters": (),
        "images": None,
    }
    return EngineSnapshot(identity=who or identity(), **known | values)


def fake_swarm_state(*nodes: NodeInfo) -> FakeSwarmState:
    state = FakeSwarmState(native_id="swarm-1")
    for node in nodes or (node_info(),):
        state.put(node)
    return state


def fake_engine(**values: Any) -> FakeEngine:
    return FakeEngine(EngineAddress("unix:///fake"), identity(), **values)
