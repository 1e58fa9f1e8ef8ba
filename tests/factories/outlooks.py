"""A cluster whose usage of two weeks was forecast hour by hour, as a portal that ran all along would have it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import time_machine

from apps.metrics.models import MetricObject
from apps.metrics.outlooks import refresh
from tests.factories.usage_history import hours_before, measured

GIB = 2.0**30
HOURS = 20 * 24
DAY_H = 24


def a_fortnight_of_usage(cluster_ref: int, *, end: datetime) -> MetricObject:
    """A cluster: processors and network follow the day, memory creeps, the disk fills; what is sent repeats itself."""
    row = measured(
        "cluster",
        cluster_ref,
        at=end,
        label="prod",
        cpu_limit_cores=12.0,
        memory_limit_bytes=64 * GIB,
        disk_total_bytes=500 * GIB,
    )
    hours = np.arange(HOURS)
    noise = np.random.default_rng(5)
    day = np.sin(2 * np.pi * (hours - 8) / DAY_H)
    busy = 1 + 0.6 * day + noise.normal(0, 0.08, HOURS)
    figures = {
        "cpu_cores": 5.0 * busy,
        "memory_bytes": (30 + hours * 0.05 + 1.5 * day + noise.normal(0, 0.4, HOURS)) * GIB,
        "network_rx_bps": 4e6 * np.clip(busy + noise.exponential(0.15, HOURS), 0.1, None),
        "network_tx_bps": 2e6 * (1 + 0.6 * day),
        "disk_used_bytes": (330 + hours * 0.19 + noise.normal(0, 0.5, HOURS)) * GIB,
    }
    hours_before(row, end, {name: list(map(float, values)) for name, values in figures.items()})
    return row


def forecasts_of(rows: Sequence[MetricObject], *, end: datetime, hours_back: Sequence[int]) -> None:
    """As the worker made them so many hours ago, the oldest first."""
    for hours in hours_back:
        moment = end - timedelta(hours=hours) + timedelta(minutes=5)
        with time_machine.travel(moment, tick=False):
            keys = [row.pk for row in rows]
            MetricObject.objects.filter(pk__in=keys).update(last_sample_at=moment)
            refresh.refresh(now=moment, budget_s=600)
