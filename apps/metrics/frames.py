"""What goes to the browsers that watch: one frame a topic, numbers in columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from apps.metrics import selectors
from apps.metrics.models import MetricObject
from apps.metrics.store import Measurement
from apps.nodes.models import Cluster
from dce_portal.live import Frame

Kind = MetricObject.Kind


def frames_of(
    measurements: Sequence[Measurement], *, cluster: Cluster, at: datetime
) -> list[Frame]:
    """A frame for each object; the cluster's also says how its nodes are."""
    return [
        Frame(topic=f"{one.kind}:{one.ref}", data=_data(one, cluster=cluster, at=at))
        for one in measurements
    ]


def _data(one: Measurement, *, cluster: Cluster, at: datetime) -> dict[str, Any]:
    data: dict[str, Any] = {
        "type": "usage",
        "at": int(at.timestamp()),
        "values": one.figures.known(),
        "source": str(one.source),
        "limits": {"cpu_cores": one.cpu_limit_cores, "memory_bytes": one.memory_limit_bytes},
    }
    if one.kind == Kind.CLUSTER:
        data |= _of_cluster(cluster, at=at)
    return data


def _of_cluster(cluster: Cluster, *, at: datetime) -> dict[str, Any]:
    rows = selectors.node_rows(cluster)
    return {
        "health": selectors.health_of(rows, cluster),
        "nodes": selectors.node_columns(rows),
        "busiest": selectors.busiest_columns(selectors.busiest(cluster, at=at)),
        "busiest_services": selectors.busiest_columns(
            selectors.busiest(cluster, at=at, kind=Kind.SERVICE)
        ),
    }
