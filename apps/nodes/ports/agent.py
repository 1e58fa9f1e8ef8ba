"""What the portal asks of a node's agent, and the shape of the answer (docs/agent-samples.md is the wire's).

One question a poll. It raises `dce_portal.errors.Unavailable` when nothing answered in time or the
answer cannot be read, with a sentence that names the address and the cause; then nothing of it counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from apps.nodes.ports.engine import ContainerInfo, EngineAddress, EngineIdentity, ImageInfo
from apps.nodes.ports.packed_lists import PackedLists

Column = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class AgentTable:
    """Figures in columns: row `i` is of tick `tick[i]` and of the thing `keys[key[i]]`; None is a gap."""

    keys: Sequence[str]
    tick: Sequence[int]
    key: Sequence[int]
    columns: Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class AgentTicks:
    """When samples were taken by the node's own clock, and the time since the one before by one that never jumps."""

    at_unix_ms: Sequence[int]
    interval_ms: Sequence[int | None]


@dataclass(frozen=True, slots=True)
class AgentNode:
    """What an agent says of its node and of itself."""

    hostname: str
    kernel: str
    cpu_count: float
    cgroup_version: int | None
    agent_version: str
    swarm_certificate_expires_at: datetime | None
    has_console: bool | None = None
    """Whether its list of routes lets consoles through; agents before that do not say."""


@dataclass(frozen=True, slots=True)
class AgentEngine:
    """Whether the engine answers its agent (None: not asked yet), since when, and who it last said it is."""

    answers: bool | None
    reason: str
    since: datetime
    identity: EngineIdentity | None


@dataclass(frozen=True, slots=True)
class AgentEvent:
    """Something that happened to a container, as the engine told its agent."""

    container_id: str
    container_name: str
    action: str
    exit_code: int | None
    at_unix_ms: int


@dataclass(frozen=True, slots=True)
class AgentSnapshot:
    """One answer: what is new since the cursor that it was asked with, and the whole lists as of now."""

    taken_at: datetime
    clock_ahead_s: float
    """The node's clock against ours; half of the answer's time is uncertain."""
    node: AgentNode
    engine: AgentEngine
    lists: PackedLists
    ticks: AgentTicks
    tables: Mapping[str, AgentTable]
    events: tuple[AgentEvent, ...]
    cursor: str
    reset: bool
    more: bool


@dataclass(frozen=True, slots=True)
class AgentMemory:
    """Where an earlier poll ended: its cursor, and the lists that the cursor's changes apply to."""

    cursor: str = ""
    containers: tuple[ContainerInfo, ...] = ()
    images: tuple[ImageInfo, ...] = ()


class AgentPort(Protocol):
    """One agent at one address."""

    address: EngineAddress

    def resume(self, memory: AgentMemory) -> None:
        """Go on where another process ended; without it the first answer begins anew."""
        ...

    async def samples(self, *, since: str, watch: bool) -> AgentSnapshot:
        """Read what is new since a cursor; with `watch` the node is sampled each second for a while."""
        ...

    async def close(self) -> None:
        """Close the connections; calling it twice does no harm."""
        ...
