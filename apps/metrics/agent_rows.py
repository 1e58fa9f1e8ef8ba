"""What is handed on while agents' answers become rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from apps.metrics.bulk import Stored
from apps.nodes.ports.agent import AgentSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerRef:
    """A container's row, and what belongs to it."""

    pk: int
    name: str
    service_pk: int | None
    cpu_limit_cores: float | None
    stack_pk: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentUsage:
    """One node's answer, and the rows that it is about."""

    node_pk: int
    cluster_pk: int
    hostname: str
    memory_bytes: int
    containers: Mapping[str, ContainerRef]
    snapshot: AgentSnapshot
    clock_ahead_s: float
    is_described: bool = False
    """Nothing but figures is new: names, limits and the like are stored already."""


@dataclass(frozen=True, slots=True)
class NodeRows:
    """One node's figures, with the objects that they belong to."""

    usage: AgentUsage
    host_id: int | None
    container_ids: Mapping[str, int]
    stored: list[Stored]
