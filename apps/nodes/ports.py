"""What the portal asks of a cluster, and the shapes of the answers.

Two ports: an engine (one address, node-local facts) and a cluster (what a manager knows of
all nodes). Every method raises `dce_portal.errors.Unavailable` when nothing answered in
time or the answer cannot be read, with a sentence that names the address and the cause.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Flag, auto
from typing import Protocol

from apps.nodes.cluster_facts import ClusterFacts, JoinFacts


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
class TlsFiles:
    """Paths of the CA's certificate and of our own certificate and key (PEM)."""

    ca: str
    cert: str
    key: str
    refused: frozenset[str] = frozenset()
    """Fingerprints (SHA-256) of certificates that are valid by their dates and were revoked."""
    version: str = ""
    """Changes when the files do, so that connections opened with older ones are known."""


@dataclass(frozen=True, slots=True)
class EngineAddress:
    """Where an engine answers: `unix:///path` or `tcp://host:port`.

    A certificate is verified against `server_name` where there is one, whatever host the address names.
    """

    url: str
    tls: TlsFiles | None = None
    server_name: str = ""


@dataclass(frozen=True, slots=True)
class SwarmMembership:
    """An engine's place in a Swarm, from its `/info`."""

    node_id: str
    cluster_id: str
    is_manager: bool
    node_address: str
    manager_addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EngineIdentity:
    """Who answers at an address (`GET /info`, `GET /version`)."""

    engine_id: str
    hostname: str
    engine_version: str
    api_version: str
    os: str
    architecture: str
    cpu_count: float
    memory_bytes: int
    labels: Mapping[str, str]
    swarm: SwarmMembership | None


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
class ContainerInfo:
    """One container on one engine (`GET /containers/json?all=1`)."""

    native_id: str
    name: str
    image: str
    image_id: str
    command: str
    state: str
    status: str
    health: str
    created_at: datetime
    labels: Mapping[str, str]
    ports: tuple[str, ...]
    networks: tuple[str, ...]
    service_id: str
    task_id: str
    stack: str


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """One image on one engine (`GET /images/json`)."""

    native_id: str
    tags: tuple[str, ...]
    digests: tuple[str, ...]
    size_bytes: int
    created_at: datetime
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ContainerCounters:
    """Raw counters of one container at one moment (`GET /containers/ID/stats`); None where the engine has none."""

    container_id: str
    read_at: datetime
    cpu_total_ns: int
    system_cpu_ns: int
    online_cpus: int
    throttled_ns: int
    memory_bytes: int
    memory_limit_bytes: int
    network_rx_bytes: int | None
    network_tx_bytes: int | None
    block_read_bytes: int | None
    block_write_bytes: int | None
    pids: int | None


@dataclass(frozen=True, slots=True)
class EngineSnapshot:
    """Everything node-local of one engine, taken within one poll; images None when not asked this time."""

    identity: EngineIdentity
    taken_at: datetime
    containers: tuple[ContainerInfo, ...]
    counters: tuple[ContainerCounters, ...]
    images: tuple[ImageInfo, ...] | None
    missed: Mapping[str, str] = field(default_factory=dict)
    """Containers whose figures could not be read this time, and why."""


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


class EnginePort(Protocol):
    """One engine at one address."""

    address: EngineAddress

    async def identity(self) -> EngineIdentity:
        """Ask who answers here."""
        ...

    async def snapshot(self, *, with_images: bool) -> EngineSnapshot:
        """Read containers, their counters, and images where asked."""
        ...

    async def leave(self) -> None:
        """Make the engine leave its Swarm; does nothing where it is in none, refused for a manager."""
        ...

    async def close(self) -> None:
        """Close the connections; calling it twice does no harm."""
        ...


@dataclass(frozen=True, slots=True)
class KeptCertificate:
    """What an agent bears, and which CAs it trusts the controller by (SHA-256 of each)."""

    name: str
    serial_hex: str
    expires_at: datetime
    authorities: frozenset[str]


class AgentKeeperPort(Protocol):
    """The part of an agent that keeps its key and certificates; the key never leaves the node.

    What the agent refuses is `Unavailable` with its own sentence and `permanent`.
    """

    async def certificate(self) -> KeptCertificate:
        """Ask what is in use."""
        ...

    async def request(self) -> str:
        """Have a new key made, kept aside until its certificate comes; the request for it (PEM)."""
        ...

    async def install(self, *, certificate_pem: str, ca_pem: str) -> None:
        """Take a certificate for the new or the present key into use, and trust these CAs."""
        ...

    async def trust(self, ca_pem: str) -> None:
        """Trust these CAs; one of them must have issued what the controller shows now."""
        ...

    async def close(self) -> None:
        """Close the connections; calling it twice does no harm."""
        ...


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
