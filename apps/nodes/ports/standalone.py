"""What the portal asks of a standalone Swarm and of its key store, beyond what every cluster answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from apps.nodes.ports.cluster import ClusterPort, ClusterSnapshot
from apps.nodes.ports.engine import ContainerCounters, ContainerInfo, ImageInfo
from dce_portal.errors import Unavailable


class NoPrimary(Unavailable):
    """The managers answer and have no primary just now: worth asking again at the usual pace."""


@dataclass(frozen=True, slots=True)
class ManagerState:
    """How one manager's address answered when it was last asked."""

    url: str
    role: str = ""
    """`primary` or `replica`; empty when it did not answer."""
    primary: str = ""
    """Where a replica says that its primary is."""
    version: str = ""
    api_version: str = ""
    lets_anyone_in: bool = False
    """True where it answers without a client's certificate."""
    error: str = ""


@dataclass(frozen=True, slots=True)
class NodePart:
    """One node's containers with their counters, and its images where asked."""

    node_id: str
    containers: tuple[ContainerInfo, ...]
    counters: tuple[ContainerCounters, ...] = ()
    images: tuple[ImageInfo, ...] | None = None
    missed: Mapping[str, str] = field(default_factory=dict)
    """Containers whose figures could not be read this time, and why."""


@dataclass(frozen=True, slots=True)
class StandaloneSnapshot:
    """Everything that a standalone Swarm's managers tell, taken within one poll."""

    cluster: ClusterSnapshot
    parts: tuple[NodePart, ...]
    managers: tuple[ManagerState, ...]
    strategy: str
    filters: str


@dataclass(frozen=True, slots=True)
class SwarmEvent:
    """One event of an engine, as its Swarm's manager passes it on."""

    at: datetime
    kind: str
    action: str
    subject_id: str
    source: str
    node_name: str
    node_address: str
    attributes: Mapping[str, str]


class StandalonePort(ClusterPort, Protocol):
    """A standalone Swarm behind its managers: a ClusterPort that sees every node's containers as well."""

    @property
    def managers(self) -> tuple[ManagerState, ...]:
        """How each manager answered when last asked."""
        ...

    async def read(self, *, with_images: bool) -> StandaloneSnapshot:
        """Read nodes and what runs on them; Unavailable, or NoPrimary while the managers choose one."""
        ...

    def events(self) -> AsyncIterator[SwarmEvent]:
        """What happens on all nodes from now on; the managers repeat nothing, so a gap is a loss."""
        ...


@dataclass(frozen=True, slots=True)
class StoreMember:
    """One member of the key store."""

    url: str
    name: str = ""
    version: str = ""
    is_healthy: bool = False
    is_leader: bool = False
    db_bytes: int | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Registration:
    """A node's entry in the key store; it goes by itself when nobody renews it."""

    address: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class DiscoverySnapshot:
    """What the key store says of itself and of the Swarm; `error` is a sentence where it cannot be read."""

    taken_at: datetime
    members: tuple[StoreMember, ...]
    registrations: tuple[Registration, ...] = ()
    primary: str = ""
    primary_expires_at: datetime | None = None
    error: str = ""


class DiscoveryPort(Protocol):
    """A standalone Swarm's key store."""

    async def read(self) -> DiscoverySnapshot:
        """Ask every member; what does not answer is said in the snapshot, nothing is raised."""
        ...

    async def close(self) -> None:
        """Close the connections; calling it twice does no harm."""
        ...
