"""What the portal asks of one engine, and the shapes of the answers: who it is, and what runs on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


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
