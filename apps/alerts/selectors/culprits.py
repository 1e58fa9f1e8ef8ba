"""Who takes the most of a metric where an alert fired: the three largest containers at that moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from apps.alerts.models import Alert
from apps.alerts.selectors.metrics import FRESH
from apps.metrics.measures import UNITS
from apps.metrics.models import MetricObject

SHOWN = 3
SCOPES = {"node": "node_ref", "service": "service_ref", "cluster": "cluster_ref"}
# Containers have no load and no disk of their own: what stands for them there.
STANDS_FOR = {"load_1m": "cpu_cores", "swap_used_bytes": "memory_bytes"}

Culprits = list[dict[str, Any]]


def culprits_of(alerts: Sequence[Alert], *, now: datetime) -> dict[int, Culprits]:
    """For each alert, by its index: at most one query for each kind and metric that they name."""
    wanted: dict[tuple[str, str], dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index, alert in enumerate(alerts):
        metric = STANDS_FOR.get(alert.metric, alert.metric)
        if alert.object_kind in SCOPES and metric in UNITS and not metric.startswith("disk_"):
            wanted[alert.object_kind, metric][alert.object_ref].append(index)
    found: dict[int, Culprits] = {}
    for (kind, metric), indexes in wanted.items():
        for ref, culprits in _largest(SCOPES[kind], metric, list(indexes), now).items():
            found |= dict.fromkeys(indexes[ref], culprits)
    return found


def _largest(scope: str, metric: str, refs: Iterable[int], now: datetime) -> dict[int, Culprits]:
    place = Window(RowNumber(), partition_by=F(scope), order_by=F(metric).desc())
    rows = MetricObject.objects.filter(
        kind=MetricObject.Kind.CONTAINER,
        last_sample_at__gte=now - FRESH,
        **{f"{scope}__in": list(refs), f"{metric}__gt": 0},
    ).annotate(place=place)
    found: dict[int, Culprits] = defaultdict(list)
    for row in (
        rows.filter(place__lte=SHOWN).order_by("place").values(scope, "ref", "label", metric)
    ):
        found[row[scope]].append(
            {
                "kind": "container",
                "ref": row["ref"],
                "label": row["label"],
                "metric": metric,
                "value": round(row[metric], 4),
                "unit": UNITS[metric],
            }
        )
    return found
