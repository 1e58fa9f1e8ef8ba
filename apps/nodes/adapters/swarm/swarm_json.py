"""What a Swarm manager says of nodes, services and tasks, as the port's dataclasses; pure."""

from __future__ import annotations

from typing import Any

from apps.nodes.adapters.engine.engine_json import (
    NANO,
    native_id,
    require_list,
    require_object,
    stack_of,
)
from apps.nodes.adapters.json_facts import Facts
from apps.nodes.ports import NodeInfo, ServiceInfo, TaskInfo


def nodes_of(raw: object) -> tuple[NodeInfo, ...]:
    """`GET /nodes`."""
    return tuple(_node(facts) for facts in require_list(raw, what="/nodes"))


def node_of(raw: object) -> NodeInfo:
    """`GET /nodes/ID`."""
    return _node(require_object(raw, what="/nodes"))


def _node(facts: Facts) -> NodeInfo:
    spec, description = facts.part("Spec"), facts.part("Description")
    status, manager = facts.part("Status"), facts.part("ManagerStatus")
    resources, platform = description.part("Resources"), description.part("Platform")
    engine = description.part("Engine")
    return NodeInfo(
        native_id=native_id(facts, "ID", what="/nodes"),
        hostname=description.text("Hostname"),
        role=spec.text("Role", most=16) or "worker",
        availability=spec.text("Availability", most=16) or "active",
        state=status.text("State", most=16) or "unknown",
        status_message=status.text("Message", most=10_000),
        address=status.text("Addr"),
        reachability=manager.text("Reachability", most=16),
        is_leader=manager.true("Leader"),
        engine_version=engine.text("EngineVersion", most=64),
        os=platform.text("OS", most=64),
        architecture=platform.text("Architecture", most=32),
        cpu_count=resources.whole("NanoCPUs") / NANO,
        memory_bytes=resources.whole("MemoryBytes"),
        labels=spec.labels("Labels"),
        engine_labels=engine.labels("Labels"),
        version_index=facts.part("Version").whole("Index"),
    )


def services_of(raw: object) -> tuple[ServiceInfo, ...]:
    """`GET /services?status=true`."""
    return tuple(_service(facts) for facts in require_list(raw, what="/services"))


def service_of(raw: object) -> ServiceInfo:
    """`GET /services/ID`, which has no count of tasks: the wanted ones are those of the specification."""
    return _service(require_object(raw, what="/services"))


def _service(facts: Facts) -> ServiceInfo:
    spec, update = facts.part("Spec"), facts.part("UpdateStatus")
    template, labels = spec.part("TaskTemplate"), spec.labels("Labels")
    limits = template.part("Resources", "Limits")
    reservations, placement = template.part("Resources", "Reservations"), template.part("Placement")
    return ServiceInfo(
        native_id=native_id(facts, "ID", what="/services"),
        name=spec.text("Name"),
        stack=stack_of(labels),
        image=template.part("ContainerSpec").text("Image", most=512),
        mode=_mode(spec.part("Mode")),
        desired_tasks=_desired(facts),
        update_state=update.text("State", most=32),
        update_message=update.text("Message", most=10_000),
        labels=labels,
        ports=tuple(_port(port) for port in facts.part("Endpoint").parts("Ports")),
        cpu_limit=limits.whole("NanoCPUs") / NANO,
        memory_limit_bytes=limits.whole("MemoryBytes"),
        cpu_reservation=reservations.whole("NanoCPUs") / NANO,
        memory_reservation_bytes=reservations.whole("MemoryBytes"),
        created_at=facts.moment("CreatedAt"),
        updated_at=facts.moment("UpdatedAt"),
        version_index=facts.part("Version").whole("Index"),
        constraints=placement.texts("Constraints"),
        platforms=tuple(_platform(platform) for platform in placement.parts("Platforms")),
        max_per_node=small(placement.whole("MaxReplicas")),
        update_parallelism=_parallelism(spec),
    )


def _platform(platform: Facts) -> str:
    return f"{platform.text('OS', most=64)}/{platform.text('Architecture', most=64)}"


def _parallelism(spec: Facts) -> int:
    """One at a time where the specification says nothing; an explicit 0 is all at once."""
    is_said = "UpdateConfig" in spec
    return small(spec.part("UpdateConfig").whole("Parallelism")) if is_said else 1


def small(number: int) -> int:
    """The number, cut to what its column holds."""
    return min(number, 2**31 - 1)


def forced_spec(spec: Facts) -> dict[str, Any]:
    """The specification with one more forced update in it; what this code does not know stays as it is."""
    template = spec.part("TaskTemplate")
    forced = {**template.raw, "ForceUpdate": template.whole("ForceUpdate") + 1}
    return {**spec.raw, "TaskTemplate": forced}


MODES = {
    "Replicated": "replicated",
    "Global": "global",
    "ReplicatedJob": "replicated-job",
    "GlobalJob": "global-job",
}


def _mode(mode: Facts) -> str:
    return next((ours for theirs, ours in MODES.items() if theirs in mode.raw), "")


def _desired(facts: Facts) -> int:
    """The manager's own count (API 1.41 and later), else the replicas of the specification."""
    status = facts.part("ServiceStatus")
    if "DesiredTasks" in status:
        count = status.whole("DesiredTasks")
    else:
        count = facts.part("Spec", "Mode", "Replicated").whole("Replicas")
    return small(count)


def _port(port: Facts) -> str:
    target = f"{port.whole('TargetPort')}/{port.text('Protocol') or 'tcp'}"
    published = port.whole("PublishedPort")
    return f"{published}->{target}" if published else target


def tasks_of(raw: object) -> tuple[TaskInfo, ...]:
    """`GET /tasks`."""
    return tuple(_task(facts) for facts in require_list(raw, what="/tasks"))


def _task(facts: Facts) -> TaskInfo:
    status = facts.part("Status")
    container = status.part("ContainerStatus")
    return TaskInfo(
        native_id=native_id(facts, "ID", what="/tasks"),
        service_id=facts.text("ServiceID", most=128),
        node_id=facts.text("NodeID", most=128),
        slot=small(facts.whole("Slot")),
        state=status.text("State", most=32),
        desired_state=facts.text("DesiredState", most=32),
        message=status.text("Message", most=10_000),
        error=status.text("Err", most=10_000),
        image=facts.part("Spec", "ContainerSpec").text("Image", most=512),
        container_id=container.text("ContainerID", most=64),
        exit_code=_exit_code(container),
        created_at=facts.moment("CreatedAt"),
        updated_at=facts.moment("UpdatedAt"),
    )


def _exit_code(container: Facts) -> int | None:
    code = container.whole_or_none("ExitCode")
    return None if code is None else small(code)
