"""The nodes of a cluster as the dashboard needs them: lean rows, since there may be a thousand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import Q

from apps.metrics.models import MetricObject
from apps.metrics.selectors import SEVERITY, TONES, condition
from apps.nodes.models import Cluster, Node

# All of a small cluster; of a large one the worst, and a link to the list.
ALL_SHOWN, WORST_SHOWN = 24, 12
NODE_FIELDS = ("pk", "hostname", "state", "availability", "stale_since", "cpu_count")
FIGURES = ("cpu_cores", "memory_bytes", "disk_used_bytes", "disk_total_bytes")
DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFact:
    """One node: how it is, and how full by each of the measures (0…1, None where it could not be told)."""

    ref: int
    hostname: str
    condition: str
    has_engine: bool
    cpu_count: float
    memory_size: float
    cpu_cores: float | None = None
    memory_bytes: float | None = None
    disk_used_bytes: float | None = None
    disk_total_bytes: float | None = None
    object_id: int | None = None
    at: datetime | None = None

    @property
    def tone(self) -> str:
        """The tone of its condition."""
        return TONES[self.condition]

    @property
    def cpu_share(self) -> float | None:
        """Of its processors."""
        return share(self.cpu_cores, self.cpu_count)

    @property
    def memory_share(self) -> float | None:
        """Of its memory."""
        return share(self.memory_bytes, self.memory_size)

    @property
    def disk_share(self) -> float | None:
        """Of its disk."""
        return share(self.disk_used_bytes, self.disk_total_bytes)

    @property
    def shares(self) -> tuple[float | None, ...]:
        """By CPU, memory and disk."""
        return self.cpu_share, self.memory_share, self.disk_share


def share(value: float | None, whole: float | None) -> float | None:
    """A part of the whole, at most all of it."""
    return None if value is None or not whole else min(1.0, value / whole)


def node_facts(cluster: Cluster) -> list[NodeFact]:
    """Every node of the cluster by name, `node-2` before `node-10`: two queries."""
    figures = {row["ref"]: row for row in _figures(cluster)}
    is_told = cluster.kind == Cluster.Kind.STANDALONE
    rows = cluster.nodes.order_by().values(*NODE_FIELDS, "memory_bytes", "endpoint__pk")
    facts = [_fact(row, figures.get(row["pk"], {}), is_told=is_told) for row in rows]
    return sorted(facts, key=lambda fact: _by_name(fact.hostname))


def _figures(cluster: Cluster) -> Iterable[Mapping[str, Any]]:
    own = MetricObject.objects.filter(kind=MetricObject.Kind.NODE, cluster_ref=cluster.pk)
    yield from own.order_by().values("pk", "ref", "last_sample_at", *FIGURES)


def _fact(node: Mapping[str, Any], figures: Mapping[str, Any], *, is_told: bool) -> NodeFact:
    is_stale = node["stale_since"] is not None
    return NodeFact(
        ref=node["pk"],
        hostname=node["hostname"],
        condition=condition(node["state"], node["availability"], is_stale=is_stale),
        has_engine=is_told or node["endpoint__pk"] is not None,
        cpu_count=node["cpu_count"],
        memory_size=node["memory_bytes"],
        object_id=figures.get("pk"),
        at=figures.get("last_sample_at"),
        **{name: figures.get(name) for name in FIGURES},
    )


@lru_cache(maxsize=4096)
def _by_name(hostname: str) -> list[tuple[bool, int, str]]:
    """Numbers in names count as numbers."""
    parts = (part for part in DIGITS.split(hostname) if part)
    return [
        (not part[:18].isdecimal(), int(part[:18]) if part.isdecimal() else 0, part)
        for part in parts
    ]


def worst_of(facts: Sequence[NodeFact]) -> list[NodeFact]:
    """All of a few, the worst of many; the worst first."""
    shown = ALL_SHOWN if len(facts) <= ALL_SHOWN else WORST_SHOWN
    return sorted(facts, key=_worst_first)[:shown]


def _worst_first(fact: NodeFact) -> tuple[int, float, str]:
    fullest = max(one or 0.0 for one in fact.shares)
    return SEVERITY.index(fact.condition), -fullest, fact.hostname


def rows_of(cluster: Cluster, facts: Sequence[NodeFact]) -> dict[int, Node]:
    """The whole rows of those that the table shows: one query."""
    wanted = Q(pk__in=[fact.ref for fact in facts])
    fields = (*NODE_FIELDS, "cluster", "role", "is_leader", "stale_reason", "status_message")
    return {node.pk: node for node in cluster.nodes.filter(wanted).only(*fields)}


def capacity_of_nodes(facts: Sequence[NodeFact]) -> dict[str, float]:
    """What all nodes have together."""
    return {
        "cpu": sum(fact.cpu_count for fact in facts),
        "memory": sum(fact.memory_size for fact in facts),
    }
