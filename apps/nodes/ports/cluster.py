"""What the portal asks of a cluster through its managers, and the shapes of the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Flag, auto
from typing import Protocol

from apps.nodes.ports.cluster_facts import ClusterFacts, JoinFacts
from apps.nodes.ports.engine import EngineAddress, EngineIdentity


class Capability(Flag):
    """What a backend can do; pages leave out what it cannot."""

    NONE = 0
    SERVICES = auto()
    NODE_AVAILABILITY = auto()
    NODE_LABELS = auto()
    NODE_ROLES = auto()
    NODE_REMOVAL = auto()
    JOIN_TOKENS = auto()
    CERTIFICATES = auto()
    AUTOLOCK = auto()
    DISCOVERY = auto()


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """One node as a manager describes it (`GET /nodes`)."""

    native_id: str
    hostname: str
    role: str
    availability: str
    state: str
    status_message: str
    address: str
    reachability: str
    is_leader: bool
    engine_version: str
    os: str
    architecture: str
    cpu_count: float
    memory_bytes: int
    labels: Mapping[str, str]
    engine_labels: Mapping[str, str]
    version_index: int


@dataclass(frozen=True, slots=True)
class ServiceInfo:
    """One service (`GET /services`); limits and reservations are of one task, 0 where unset.

    `platforms` are `os/architecture`, and one update restarts `update_parallelism` tasks at a
    time; 0 is all at once, as 0 in `max_per_node` is any number of tasks on one node.
    """

    native_id: str
    name: str
    stack: str
    image: str
    mode: str
    desired_tasks: int
    update_state: str
    update_message: str
    labels: Mapping[str, str]
    ports: tuple[str, ...]
    cpu_limit: float
    memory_limit_bytes: int
    cpu_reservation: float
    memory_reservation_bytes: int
    created_at: datetime
    updated_at: datetime
    version_index: int
    constraints: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    max_per_node: int = 0
    update_parallelism: int = 1


@dataclass(frozen=True, slots=True)
class TaskInfo:
    """One task (`GET /tasks`); the manager still says running of a dead node's tasks."""

    native_id: str
    service_id: str
    node_id: str
    slot: int
    state: str
    desired_state: str
    message: str
    error: str
    image: str
    container_id: str
    exit_code: int | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ClusterSnapshot:
    """Everything a manager knows, taken within one poll."""

    native_id: str
    taken_at: datetime
    source: str
    nodes: tuple[NodeInfo, ...]
    services: tuple[ServiceInfo, ...]
    tasks: tuple[TaskInfo, ...]
    facts: ClusterFacts | None = None
    """What the cluster says of itself, where the backend knows such a thing."""


@dataclass(frozen=True, slots=True)
class NodeChange:
    """What to change of a node; None leaves a field as it is."""

    availability: str | None = None
    role: str | None = None
    labels: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that the difference of two polls tells; it becomes a row of "what changed"."""

    kind: str
    subject_kind: str
    subject_id: str
    subject_label: str
    severity: str = "info"
    node_id: str = ""
    detail: Mapping[str, str | int | None] = field(default_factory=dict)


def node_of_engine(identity: EngineIdentity) -> NodeInfo:
    """A single engine as a node: it is ready, since it answered."""
    return NodeInfo(
        native_id=identity.engine_id,
        hostname=identity.hostname,
        role="single",
        availability="active",
        state="ready",
        status_message="",
        address="",
        reachability="",
        is_leader=False,
        engine_version=identity.engine_version,
        os=identity.os,
        architecture=identity.architecture,
        cpu_count=identity.cpu_count,
        memory_bytes=identity.memory_bytes,
        labels={},
        engine_labels=identity.labels,
        version_index=0,
    )


class ClusterPort(Protocol):
    """A cluster behind one or more manager addresses; the adapter fails over between them."""

    @property
    def capabilities(self) -> Capability:
        """What this backend can do."""
        ...

    async def snapshot(self) -> ClusterSnapshot:
        """Read nodes, services and tasks from the first manager that answers."""
        ...

    async def node(self, native_id: str) -> NodeInfo:
        """Read one node now; NotFound when the manager knows none."""
        ...

    async def update_node(self, native_id: str, *, change: NodeChange, version_index: int) -> None:
        """Write a node's specification; Conflict when it changed since `version_index`."""
        ...

    async def join_facts(self) -> JoinFacts:
        """Ask for what a host needs to join, as it is now; Unsupported where nothing can be joined."""
        ...

    async def node_tasks(self, native_id: str) -> tuple[TaskInfo, ...]:
        """Read the tasks that were placed on a node, those that ended included."""
        ...

    async def remove_node(self, native_id: str, *, force: bool) -> None:
        """Take a node out of the cluster; Conflict for a manager, and unless forced for one that is not down."""
        ...

    async def service(self, native_id: str) -> ServiceInfo:
        """Read one service now; NotFound when the manager knows none."""
        ...

    async def restart_service(self, native_id: str) -> None:
        """Start every task of a service anew, as its update settings say; Conflict when it changed meanwhile."""
        ...

    async def close(self) -> None:
        """Close the connections; calling it twice does no harm."""
        ...


Managers = Sequence[EngineAddress]
