"""What the dashboard and right-sizing read of the past: the only place of theirs that knows the tiers' tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import Any

from django.db.models import Min

from apps.metrics.models import MetricObject, MinuteSample
from apps.metrics.rollup import MINUTE_S, minute_of

SPARK_MEASURES = ("cpu_cores", "memory_bytes", "disk_used_bytes")
SPARK_MINUTES = 60
OBJECTS_A_QUERY = 400

Line = list[float | None]


def last_hour(object_ids: Sequence[int], *, now: datetime) -> dict[int, dict[str, Line]]:
    """The mean of each of the last sixty whole minutes, None where nothing came: one query for all."""
    end_s = minute_of(int(now.timestamp()))
    start_s = end_s - SPARK_MINUTES * MINUTE_S
    parts = [f"{name}_{part}" for name in SPARK_MEASURES for part in ("sum", "count")]
    rows = MinuteSample.objects.filter(
        object_id__in=object_ids, minute_s__gte=start_s, minute_s__lt=end_s
    ).values_list("object_id", "minute_s", *parts)
    lines: dict[int, dict[str, Line]] = {}
    for object_id, minute_s, *figures in rows:
        own = lines.setdefault(object_id, {name: [None] * SPARK_MINUTES for name in SPARK_MEASURES})
        place = (minute_s - start_s) // MINUTE_S
        for name, total, count in zip(SPARK_MEASURES, figures[::2], figures[1::2], strict=True):
            own[name][place] = total / count if count else None
    return lines


@dataclass(frozen=True, slots=True)
class TaskMinute:
    """What one container used in one minute: means, and the highest single sample."""

    object_id: int
    minute_s: int
    cpu_mean: float | None
    cpu_max: float | None
    memory_mean: float | None
    memory_max: float | None
    network_mean: float | None
    samples: int


TASK_FIELDS = (
    *("cpu_cores_sum", "cpu_cores_count", "cpu_cores_max"),
    *("memory_bytes_sum", "memory_bytes_count", "memory_bytes_max"),
    *("network_rx_bps_sum", "network_rx_bps_count"),
    *("network_tx_bps_sum", "network_tx_bps_count"),
)


def task_minutes(object_ids: Collection[int], *, start_s: int, end_s: int) -> Iterator[TaskMinute]:
    """Every minute of these containers from the start to before the end, some hundred containers a query."""
    for part in batched(sorted(object_ids), OBJECTS_A_QUERY):
        rows = MinuteSample.objects.filter(
            object_id__in=part, minute_s__gte=start_s, minute_s__lt=end_s
        ).values_list("object_id", "minute_s", *TASK_FIELDS)
        for row in rows.iterator(chunk_size=10_000):
            yield _task_minute(*row)


def _task_minute(object_id: int, minute_s: int, *figures: float | None) -> TaskMinute:
    cpu_sum, cpu_count, cpu_max, memory_sum, memory_count, memory_max, *network = figures
    received, sent = _mean(*network[:2]), _mean(*network[2:])
    return TaskMinute(
        object_id,
        minute_s,
        _mean(cpu_sum, cpu_count),
        cpu_max,
        _mean(memory_sum, memory_count),
        memory_max,
        None if received is None and sent is None else (received or 0.0) + (sent or 0.0),
        int(cpu_count or 0),
    )


def _mean(total: float | None, count: float | None) -> float | None:
    return None if total is None or not count else total / count


def measured_containers() -> list[Mapping[str, Any]]:
    """Every container that has figures, and the service that it belongs to."""
    own = MetricObject.objects.filter(kind=MetricObject.Kind.CONTAINER).order_by(
        "service_ref", "pk"
    )
    return list(own.values("pk", "ref", "service_ref", "source"))


def first_minute_s() -> int | None:
    """The oldest minute that is kept; None before the first."""
    first: int | None = MinuteSample.objects.aggregate(first=Min("minute_s"))["first"]
    return first
