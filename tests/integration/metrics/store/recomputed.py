"""Rows as a test puts them in, and the tiers as they must be: summed up plainly from those rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from apps.metrics import bulk
from apps.metrics.bulk import Stored
from apps.metrics.measures import MEASURES, Values
from apps.metrics.minutes import OpenMinutes
from apps.metrics.models import MetricObject
from apps.metrics.store import close_minutes
from apps.metrics.tiers import Tier

Rows = Mapping[int, Values]
Sums = dict[int, tuple[int, float, float, float]]


def new_object(kind: str = "node") -> MetricObject:
    last = MetricObject.objects.filter(kind=kind).order_by("-ref").first()
    return MetricObject.objects.create(
        kind=kind,
        ref=last.ref + 1 if last else 1,
        label="n",
        source="agent",
        cluster_ref=1,
        last_sample_at=datetime.fromtimestamp(0, tz=UTC),
    )


def come_in(row: MetricObject, rows: Rows, minutes: OpenMinutes) -> None:
    """As a poll brings them: stored, summed up, and the newest shown."""
    stored = [Stored(row.pk, at_s, values) for at_s, values in rows.items()]
    bulk.insert_samples(stored)
    close_minutes(stored, owner=row.pk, minutes=minutes)
    bulk.update_latest([max(stored, key=lambda one: one.at_s)])


def values(cores: float | None, memory: float | None = None) -> Values:
    """Processor time and memory; the others are unknown."""
    return (cores, memory, *[None] * (len(MEASURES) - 2))


def sums(rows: Rows, step_s: int, *, measure: str, before_s: int) -> Sums:
    """Count, sum, least and greatest by bucket, of those buckets that are over."""
    found: dict[int, list[float]] = defaultdict(list)
    place = MEASURES.index(measure)
    for at_s, row in rows.items():
        if row[place] is not None:
            found[at_s - at_s % step_s].append(row[place])
    return {
        bucket: (len(column), sum(column), min(column), max(column))
        for bucket, column in found.items()
        if bucket + step_s <= before_s
    }


def stored_sums(row: MetricObject, tier: Tier, *, measure: str) -> Sums:
    """What the tier holds of the object."""
    parts: Sequence[str] = [f"{measure}_{part}" for part in ("count", "sum", "min", "max")]
    rows = tier.model._default_manager.filter(object_id=row.pk)
    return {
        moment: (count, total, least, most)
        for moment, count, total, least, most in rows.values_list(tier.moment, *parts)
        if count
    }
