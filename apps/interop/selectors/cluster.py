"""States of clusters, nodes, services, stacks and containers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from apps.accounts.models import User
from apps.interop.rules.families import Family, written
from apps.interop.selectors.naming import SHORT_ID, node_labels
from apps.nodes.models import Node
from apps.nodes.selectors import clusters_visible_to, nodes_visible_to
from apps.workloads.models import Service
from apps.workloads.selectors import containers_visible_to, services_visible_to


def cluster_families(user: User) -> list[Family]:
    """Whether the managers of each cluster answer."""
    up = Family("dce_cluster_up", "gauge", "1 while the managers of the cluster answer.")
    for name, kind, stale in clusters_visible_to(user).values_list("name", "kind", "stale_since"):
        up.add(stale is None, written({"cluster": name, "kind": kind}))
    return [up]


def node_families(user: User, *, at: datetime, most: int) -> list[Family]:
    """What is known of each node beside its usage; its poll lag is the portal's own figure."""
    up = Family("dce_node_up", "gauge", "1 while the node is ready and answers.")
    info = Family("dce_node_info", "gauge", "What the node is, as labels.")
    cpus = Family("dce_node_cpu_capacity_cores", "gauge", "Processors of the node.")
    memory = Family("dce_node_memory_capacity_bytes", "gauge", "Memory of the node.")
    skew = Family(
        "dce_node_clock_skew_seconds", "gauge", "The node's clock, ahead of the portal's."
    )
    lag = Family("dce_poll_lag_seconds", "gauge", "Since the node was last heard of.")
    ends = Family(
        "dce_node_swarm_certificate_expires_timestamp_seconds",
        "gauge",
        "When the node's certificate in the Swarm ends.",
    )
    for node in nodes_visible_to(user).order_by("pk")[:most]:
        own = _own(node)
        labels = written(own)
        up.add(node.state == Node.State.READY and node.is_fresh, labels)
        info.add(1, written({**own, **_facts(node)}))
        cpus.add(node.cpu_count or None, labels)
        memory.add(node.memory_bytes or None, labels)
        skew.add(node.clock_skew_s, labels)
        lag.add(_lag_s(node, at), labels)
        ends.add(_timestamp(node.swarm_certificate_expires_at), labels)
    return [up, info, cpus, memory, skew, lag, ends]


def _own(node: Node) -> dict[str, str]:
    return {"cluster": node.cluster.name, **node_labels(node.hostname, node.native_id)}


def _facts(node: Node) -> dict[str, str]:
    return {
        "role": node.role,
        "availability": node.availability,
        "state": node.state,
        "engine_version": node.engine_version,
        "agent_version": node.agent_version,
        "os": node.os,
        "architecture": node.architecture,
    }


def _lag_s(node: Node, at: datetime) -> float | None:
    endpoint = getattr(node, "endpoint", None)
    heard = endpoint.last_ok_at if endpoint is not None else node.observed_at
    return None if heard is None else max((at - heard).total_seconds(), 0.0)


def _timestamp(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def service_families(user: User, *, most: int) -> list[Family]:
    """Tasks wanted and running, and what a task reserves."""
    services = list(services_visible_to(user).order_by("pk")[:most])
    desired = Family("dce_service_tasks_desired", "gauge", "Tasks that the service shall have.")
    running = Family(
        "dce_service_tasks_running", "gauge", "Tasks that run on nodes that are ready."
    )
    cpu = Family("dce_service_cpu_reservation_cores", "gauge", "Processors reserved for each task.")
    memory = Family(
        "dce_service_memory_reservation_bytes", "gauge", "Memory reserved for each task."
    )
    info = Family("dce_service_info", "gauge", "What the service is, as labels.")
    for one in services:
        own = {"cluster": one.cluster.name, "stack": one.stack, "service": one.name}
        labels = written(own)
        desired.add(one.desired_tasks, labels)
        running.add(one.running_tasks, labels)
        cpu.add(one.cpu_reservation or None, labels)
        memory.add(one.memory_reservation_bytes or None, labels)
        about = {"image": one.image.partition("@")[0], "mode": one.mode}
        info.add(1, written({**own, **about, "update_state": one.update_state}))
    return [desired, running, cpu, memory, info, *_stack_families(services)]


def _stack_families(services: Sequence[Service]) -> list[Family]:
    counts: dict[tuple[str, str], list[int]] = {}
    for one in services:
        if one.stack:
            sums = counts.setdefault((one.cluster.name, one.stack), [0, 0, 0])
            for number, value in enumerate((1, one.desired_tasks, one.running_tasks)):
                sums[number] += value
    families = [
        Family("dce_stack_services", "gauge", "Services of the stack."),
        Family("dce_stack_tasks_desired", "gauge", "Tasks that the stack's services shall have."),
        Family("dce_stack_tasks_running", "gauge", "Tasks of the stack that run."),
    ]
    for (cluster, stack), sums in counts.items():
        labels = written({"cluster": cluster, "stack": stack})
        for family, value in zip(families, sums, strict=True):
            family.add(value, labels)
    return families


CONTAINER_COLUMNS = ("name", "native_id", "image", "state", "health", "stack")


def container_families(user: User, *, most: int) -> list[Family]:
    """Whether each container runs and is healthy."""
    running = Family("dce_container_running", "gauge", "1 while the container runs.")
    healthy = Family("dce_container_healthy", "gauge", "1 while its health check passes.")
    info = Family("dce_container_info", "gauge", "What the container is, as labels.")
    visible = (
        containers_visible_to(user)
        .order_by("pk")
        .values(
            *CONTAINER_COLUMNS,
            "node__hostname",
            "node__cluster__name",
            "service__name",
            "service__stack",
        )
    )
    for row in visible[:most]:
        own = _container_labels(row)
        labels = written(own)
        running.add(row["state"] == "running", labels)
        healthy.add(row["health"] == "healthy" if row["health"] else None, labels)
        info.add(1, written({**own, "image": row["image"], "state": row["state"]}))
    return [running, healthy, info]


def _container_labels(row: dict[str, Any]) -> dict[str, str]:
    return {
        "cluster": row["node__cluster__name"],
        "node": row["node__hostname"],
        "stack": row["stack"] or row["service__stack"] or "",
        "service": row["service__name"] or "",
        "container": row["name"],
        "id": row["native_id"][:SHORT_ID],
    }
