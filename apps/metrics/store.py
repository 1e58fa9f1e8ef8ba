"""Writes samples and their minutes in bulk: the number of statements does not grow with the containers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, Model

from apps.metrics.measures import MEASURES, Figures
from apps.metrics.models import SUMMARY_PARTS, MetricObject, MinuteSample, Sample
from apps.metrics.rollup import MINUTE_S, Point, Summary, roll_up

KEY = ("kind", "ref")
SUMMARY_COLUMNS = [f"{measure}_{part}" for measure in MEASURES for part in SUMMARY_PARTS]
UNKNOWN_MINUTES_S = 600
OBJECTS_A_BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What one object used at the moment of a poll, and where the object belongs."""

    kind: str
    ref: int
    label: str
    source: str
    cluster_ref: int
    figures: Figures
    node_ref: int | None = None
    service_ref: int | None = None
    cpu_limit_cores: float | None = None
    memory_limit_bytes: float | None = None

    def columns(self) -> dict[str, Any]:
        """The columns of the object's row, but for its key and moment."""
        own = {
            name: getattr(self, name)
            for name in (
                "label",
                "source",
                "cluster_ref",
                "node_ref",
                "service_ref",
                "cpu_limit_cores",
                "memory_limit_bytes",
            )
        }
        return {**own, **self.figures.as_dict()}


def write(measurements: Sequence[Measurement], *, at: datetime) -> list[MetricObject]:
    """Keep the latest figures of each object, and one raw row each; the rows come back with their keys."""
    if not measurements:
        return []
    objects = write_objects(measurements, at=at)
    at_s = int(at.timestamp())
    samples = [
        Sample(object_id=row.pk, at_s=at_s, **measurement.figures.as_dict())
        for row, measurement in zip(objects, measurements, strict=True)
    ]
    Sample.objects.bulk_create(samples, ignore_conflicts=True)
    return objects


def write_objects(measurements: Sequence[Measurement], *, at: datetime) -> list[MetricObject]:
    """Keep the latest figures of each object, and what it is; the rows come back with their keys."""
    rows = [
        MetricObject(kind=one.kind, ref=one.ref, last_sample_at=at, **one.columns())
        for one in measurements
    ]
    changed = [*measurements[0].columns(), "last_sample_at"]
    return MetricObject.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=KEY, update_fields=changed
    )


def close_minutes(over: Mapping[int, int | None], *, now_minute_s: int) -> None:
    """Sum up the minutes that ended, from the raw rows themselves: doing it twice changes nothing."""
    if not over:
        return
    first_s = _first_open_minute(over, now_minute_s)
    minutes = roll_up(_points(over, first_s, now_minute_s))
    rows = [
        MinuteSample(object_id=object_id, minute_s=minute_s, **_summary_columns(summaries))
        for (object_id, minute_s), summaries in minutes.items()
    ]
    MinuteSample.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=("object_id", "minute_s"),
        update_fields=SUMMARY_COLUMNS,
    )


def _first_open_minute(over: Mapping[int, int | None], now_minute_s: int) -> int:
    known = [minute_s for minute_s in over.values() if minute_s is not None]
    unknown = [object_id for object_id, minute_s in over.items() if minute_s is None]
    if unknown:
        last_s = MinuteSample.objects.filter(object_id__in=unknown).aggregate(last=Max("minute_s"))[
            "last"
        ]
        known.append(now_minute_s - UNKNOWN_MINUTES_S if last_s is None else last_s + MINUTE_S)
    return min(known)


def _points(object_ids: Iterable[int], first_s: int, end_s: int) -> list[Point]:
    rows = Sample.objects.filter(
        object_id__in=list(object_ids), at_s__gte=first_s, at_s__lt=end_s
    ).values_list("object_id", "at_s", *MEASURES)
    return [
        Point(object_id, at_s, dict(zip(MEASURES, values, strict=True)))
        for object_id, at_s, *values in rows
    ]


def _summary_columns(summaries: Mapping[str, Summary]) -> dict[str, float]:
    return {
        f"{measure}_{part}": getattr(summary, part)
        for measure, summary in summaries.items()
        for part in SUMMARY_PARTS
    }


def drop_before(model: type[Model], column: str, cutoff_s: int) -> int:
    """Delete a tier's rows before the moment, a batch of objects at a time, along its key."""
    dropped = 0
    object_ids = list(MetricObject.objects.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(object_ids), OBJECTS_A_BATCH):
        batch = object_ids[start : start + OBJECTS_A_BATCH]
        old = model._default_manager.filter(object_id__in=batch, **{f"{column}__lt": cutoff_s})
        dropped += old._raw_delete(old.db)  # no signals, one statement
    return dropped
