"""What the difference of two polls says of services, tasks and containers; pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from apps.nodes.ports import ClusterSnapshot, ContainerInfo, Happening, ServiceInfo, TaskInfo
from dce_portal.difference import Difference

RUNNING = "running"
# Of a container whose node a standalone Swarm has lost; that it is seen again is no start.
UNKNOWN = "unknown"
FAILED_STATES = frozenset({"failed", "rejected", "orphaned"})
DEAD_STATES = frozenset({"exited", "dead"})
KILLED = 137
EXIT_CODE = re.compile(r"^Exited \((\d{1,3})\)")


def linked_tasks(snapshot: ClusterSnapshot) -> list[TaskInfo]:
    """The tasks, each naming only a service and a node that this snapshot knows as well."""
    services = {service.native_id for service in snapshot.services}
    nodes = {node.native_id for node in snapshot.nodes}
    return [
        replace(
            task,
            service_id=task.service_id if task.service_id in services else "",
            node_id=task.node_id if task.node_id in nodes else "",
        )
        for task in snapshot.tasks
    ]


def linked_containers(
    containers: Iterable[ContainerInfo], *, known_services: Mapping[str, int]
) -> list[ContainerInfo]:
    """The containers, each naming only a service that is known."""
    return [
        item if item.service_id in known_services else replace(item, service_id="")
        for item in containers
    ]


def running_counts(snapshot: ClusterSnapshot) -> Counter[str]:
    """Running tasks of each service, on nodes that are ready: a manager still says running of a dead node's."""
    ready = {node.native_id for node in snapshot.nodes if node.state == "ready"}
    return Counter(
        task.service_id
        for task in snapshot.tasks
        if task.state == RUNNING and task.desired_state == RUNNING and task.node_id in ready
    )


def service_happenings(difference: Difference[ServiceInfo]) -> list[Happening]:
    """Services created, removed, updated, rolled back."""
    created = [_service("service.created", service) for service in difference.created]
    removed = [_service("service.removed", service) for service in difference.removed]
    changed = [found for pair in difference.changed for found in _service_changes(*pair)]
    return created + removed + changed


def _service_changes(before: ServiceInfo, after: ServiceInfo) -> Iterator[Happening]:
    for name, kind in (("image", "service.image"), ("desired_tasks", "service.scaled")):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield _service(kind, after, detail={"before": old, "after": new})
    if before.update_state != after.update_state and after.update_state:
        is_bad = "rollback" in after.update_state or after.update_state == "paused"
        detail = {"state": after.update_state, "message": after.update_message}
        severity = "error" if is_bad else "info"
        yield _service("service.update", after, severity=severity, detail=detail)


def replica_happenings(
    services: Iterable[ServiceInfo], *, before: Mapping[str, int], now: Mapping[str, int]
) -> list[Happening]:
    """Services that fell below the wanted number of running tasks, or are whole again."""
    return [found for service in services for found in _replicas(service, before, now)]


def _replicas(
    service: ServiceInfo, before: Mapping[str, int], now: Mapping[str, int]
) -> Iterator[Happening]:
    if service.native_id not in before or service.mode not in {"replicated", "global"}:
        return
    old, new = before[service.native_id], now.get(service.native_id, 0)
    wanted = service.desired_tasks
    detail = {"running": new, "wanted": wanted}
    if new < wanted and new < old:
        yield _service("service.below", service, severity="warning", detail=detail)
    elif new >= wanted > old:
        yield _service("service.whole", service, detail=detail)


def task_happenings(
    difference: Difference[TaskInfo], *, service_names: Mapping[str, str]
) -> list[Happening]:
    """Tasks that failed or were rejected since the last poll."""
    known = {before.native_id: before.state for before, _after in difference.changed}
    return [
        _task(task, service_names)
        for task in difference.to_write
        if task.state in FAILED_STATES and known.get(task.native_id) != task.state
    ]


def _task(task: TaskInfo, service_names: Mapping[str, str]) -> Happening:
    service = service_names.get(task.service_id, task.service_id)
    return Happening(
        kind=f"task.{task.state}",
        subject_kind="task",
        subject_id=task.native_id,
        subject_label=f"{service}.{task.slot or task.native_id[:8]}"[:250],
        severity="error",
        node_id=task.node_id,
        detail={"error": task.error, "exit_code": task.exit_code},
    )


def stacks_left(difference: Difference[ContainerInfo]) -> frozenset[str]:
    """The stacks that a container named before and does not name now."""
    before = {one.stack for one in difference.removed}
    before.update(old.stack for old, new in difference.changed if old.stack != new.stack)
    return frozenset(before - {""})


def container_happenings(difference: Difference[ContainerInfo]) -> list[Happening]:
    """Containers that started, died, were killed, became unhealthy or were removed while running."""
    started = [_container("started", c) for c in difference.created if c.state == RUNNING]
    removed = [_container("removed", c) for c in difference.removed if c.state == RUNNING]
    changed = [found for pair in difference.changed for found in _container_changes(*pair)]
    return started + removed + changed


def _container_changes(before: ContainerInfo, after: ContainerInfo) -> Iterator[Happening]:
    if before.state not in {after.state, UNKNOWN} and after.state == RUNNING:
        yield _container("started", after)
    if before.state not in DEAD_STATES and after.state in DEAD_STATES:
        yield _death(after)
    if before.health != after.health and after.health == "unhealthy":
        yield _container("unhealthy", after, severity="warning")


def _death(container: ContainerInfo) -> Happening:
    """The list tells the exit code only; 137 is SIGKILL, most often from a lack of memory.

    A task's container also ends so when the Swarm moves it; whether it failed, the task tells.
    """
    match = EXIT_CODE.match(container.status)
    code = int(match[1]) if match else None
    kind = "killed" if code == KILLED else "died"
    severity = "info" if code == 0 or container.task_id else "error"
    return _container(kind, container, severity=severity, detail={"exit_code": code})


def _container(
    what: str,
    container: ContainerInfo,
    *,
    severity: str = "info",
    detail: Mapping[str, str | int | None] | None = None,
) -> Happening:
    return Happening(
        kind=f"container.{what}",
        subject_kind="container",
        subject_id=container.native_id,
        subject_label=container.name,
        severity=severity,
        detail=detail or {},
    )


def _service(
    kind: str,
    service: ServiceInfo,
    *,
    severity: str = "info",
    detail: Mapping[str, str | int | None] | None = None,
) -> Happening:
    return Happening(
        kind=kind,
        subject_kind="service",
        subject_id=service.native_id,
        subject_label=service.name,
        severity=severity,
        detail=detail or {},
    )
