"""The services and containers that use most just now: by CPU, memory or network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.accounts.models import User
from apps.metrics import selectors
from apps.metrics.models import MetricObject
from apps.nodes.models import Cluster

Kind = MetricObject.Kind
PAGES = {Kind.SERVICE: "workloads_service", Kind.CONTAINER: "workloads_container"}
RIGHTS = {Kind.SERVICE: "workloads.view_service", Kind.CONTAINER: "workloads.view_container"}


@dataclass(frozen=True, slots=True)
class Busy:
    """One line: what it is, where it runs, what it uses."""

    page: str
    ref: int
    label: str
    where: str
    cpu_cores: float | None
    memory_bytes: float | None
    network_bps: float | None


def busiest_of(
    user: User, cluster: Cluster, *, by: str, names: Mapping[int, str], at: datetime
) -> dict[str, Any]:
    """Both lists for those who may see such things: one query each. `names` are the nodes'."""
    lists = {
        kind: _lines(selectors.busiest(cluster, at=at, kind=kind, by=by), kind, names)
        for kind in PAGES
        if user.has_perm(RIGHTS[kind])
    }
    return {
        "by": by,
        "may_see_services": Kind.SERVICE in lists,
        "may_see_containers": Kind.CONTAINER in lists,
        "services": lists.get(Kind.SERVICE, []),
        "containers": lists.get(Kind.CONTAINER, []),
    }


def _lines(rows: Sequence[MetricObject], kind: Kind, names: Mapping[int, str]) -> list[Busy]:
    return [
        Busy(
            page=PAGES[kind],
            ref=row.ref,
            label=row.label,
            where=names.get(row.node_ref or 0, ""),
            cpu_cores=row.cpu_cores,
            memory_bytes=row.memory_bytes,
            network_bps=selectors.network_bps(row),
        )
        for row in rows
    ]
