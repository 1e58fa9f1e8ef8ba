"""Closed hours of raw samples, packed: sealed once they are old enough, read where a chart or a late row needs them.

A sample that comes for a sealed hour lies beside it as a raw row until that hour is
sealed again; whoever reads takes both, and of two of one moment the sealed.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import batched

from django.db import transaction
from django.db.models import Count, F, FloatField, Sum
from django.db.models.functions import Cast

from apps.metrics import packed, partitions
from apps.metrics.measures import MEASURES
from apps.metrics.models import MetricObject, Sample, SealedHour
from apps.metrics.rollup import Point, Summary

HOUR_S = 3600
# Nothing newer than this is ever sealed: no operator may keep raw samples for less.
NEVER_SEALED_S = 3 * HOUR_S
OBJECTS_A_BATCH = 20

# PostgreSQL writes four-byte numbers shorter than they are; eight-byte ones it writes in full.
_EXACT = [Cast(name, FloatField()) for name in MEASURES]

Summaries = Mapping[str, Summary]
Hour = tuple[int, int]
Sums = tuple[int, int]
Rows = dict[int, Sequence[float | None]]


def hour_of(at_s: int) -> int:
    """The first second of the hour."""
    return at_s - at_s % HOUR_S


def may_be_sealed(at_s: int) -> bool:
    """Whether a moment may lie in a sealed hour; the newest never do, so nobody asks for them."""
    return at_s < time.time() - NEVER_SEALED_S


def rows_of(object_id: int, *, first_s: int, end_s: int) -> dict[int, Sequence[float | None]]:
    """Every sample of an object in a stretch, sealed or not, by its moment."""
    found = _raw_rows([object_id], first_s, end_s).get(object_id, {})
    if may_be_sealed(first_s):
        for rows in _sealed_rows([object_id], first_s, end_s).values():
            found |= rows
    return {at_s: found[at_s] for at_s in sorted(found) if first_s <= at_s < end_s}


def points_of_sealed_hours(
    object_ids: Collection[int], *, first_s: int, end_s: int
) -> Iterator[Point]:
    """The samples of a stretch that lie in sealed hours, with those that came late to them."""
    if not may_be_sealed(first_s):
        return
    sealed = _sealed_rows(object_ids, first_s, end_s)
    late = _raw_rows({object_id for object_id, _hour_s in sealed}, first_s, end_s)
    for (object_id, hour_s), rows in sealed.items():
        own = {at_s: values for at_s, values in late[object_id].items() if hour_of(at_s) == hour_s}
        for at_s, values in (own | rows).items():
            if first_s <= at_s < end_s:
                yield Point(object_id, at_s, dict(zip(MEASURES, values, strict=True)))


def _sealed_rows(object_ids: Collection[int], first_s: int, end_s: int) -> dict[Hour, Rows]:
    hours = SealedHour.objects.filter(
        object_id__in=object_ids, hour_s__gte=hour_of(first_s), hour_s__lt=end_s
    ).values_list("object_id", "hour_s", "packed")
    return {
        (object_id, hour_s): dict(packed.unpack(bytes(data))) for object_id, hour_s, data in hours
    }


def _raw_rows(object_ids: Collection[int], first_s: int, end_s: int) -> dict[int, Rows]:
    found: dict[int, Rows] = defaultdict(dict)
    rows = Sample.objects.filter(object_id__in=object_ids, at_s__gte=first_s, at_s__lt=end_s)
    for object_id, at_s, *values in rows.values_list("object_id", "at_s", *_EXACT).iterator():
        found[object_id][at_s] = values
    return found


def seal(*, before_s: int, give_up_at_s: float | None = None) -> dict[str, int]:
    """Pack every hour that ended before a moment, and let go of its raw rows; what is left undone waits.

    Where days have tables of their own, only whole days are packed, and their tables dropped.
    """
    if partitions.is_partitioned():
        return _seal_days(before_s, give_up_at_s)
    bound_s, sealed = hour_of(before_s), 0
    for part in _batches():
        if give_up_at_s is not None and time.monotonic() > give_up_at_s:
            break
        with transaction.atomic():
            sealed += _seal_rows(_raw_rows(part, 0, bound_s))
            old = Sample.objects.filter(object_id__in=part, at_s__lt=bound_s)
            old._raw_delete(old.db)
    return {"hours": sealed, "days": 0}


def _batches() -> Iterator[tuple[int, ...]]:
    keys = MetricObject.objects.order_by("pk").values_list("pk", flat=True)
    return batched(list(keys), OBJECTS_A_BATCH)


def _seal_days(before_s: int, give_up_at_s: float | None) -> dict[str, int]:
    sealed = dropped = 0
    for day_s in partitions.days():
        if day_s + partitions.DAY_S > before_s:
            break
        hours, rows = _seal_day(day_s, give_up_at_s)
        sealed += hours
        if rows is None:
            break
        dropped += partitions.drop_day(day_s, expected_rows=rows)
    return {"hours": sealed, "days": dropped}


def _seal_day(day_s: int, give_up_at_s: float | None) -> tuple[int, int | None]:
    """How many hours were packed, and how many rows the day has; None where time ran out."""
    sealed = seen = 0
    for object_ids in batched(_objects_of(day_s), OBJECTS_A_BATCH):
        if give_up_at_s is not None and time.monotonic() > give_up_at_s:
            return sealed, None
        raw, done = _raw_sums(object_ids, day_s), _sealed_sums(object_ids, day_s)
        left = [object_id for object_id, sums in raw.items() if done.get(object_id) != sums]
        with transaction.atomic():
            sealed += _seal_rows(_raw_rows(left, day_s, day_s + partitions.DAY_S))
        seen += sum(count for count, _offsets in raw.values())
    return sealed, seen


def _objects_of(day_s: int) -> list[int]:
    """Also those that are measured no more, and have no row of their own."""
    rows = Sample.objects.filter(at_s__gte=day_s, at_s__lt=day_s + partitions.DAY_S)
    return sorted(rows.order_by().values_list("object_id", flat=True).distinct())


def _raw_sums(object_ids: Collection[int], day_s: int) -> dict[int, Sums]:
    """What tells the rows of an object's day from others without reading them all."""
    rows = Sample.objects.filter(
        object_id__in=object_ids, at_s__gte=day_s, at_s__lt=day_s + partitions.DAY_S
    )
    sums = rows.order_by().values_list("object_id")
    counted = sums.annotate(rows=Count("at_s"), offsets=Sum(F("at_s") % HOUR_S))
    return {object_id: (count, offsets) for object_id, count, offsets in counted}


def _sealed_sums(object_ids: Collection[int], day_s: int) -> dict[int, Sums]:
    rows = SealedHour.objects.filter(
        object_id__in=object_ids, hour_s__gte=day_s, hour_s__lt=day_s + partitions.DAY_S
    )
    sums = rows.order_by().values_list("object_id")
    counted = sums.annotate(rows=Sum("count"), all_offsets=Sum("offsets"))
    return {object_id: (count, offsets) for object_id, count, offsets in counted}


def _seal_rows(raw: Mapping[int, Rows]) -> int:
    """Pack rows into their hours, together with what those hours hold already."""
    hours: dict[Hour, Rows] = defaultdict(dict)
    for object_id, rows in raw.items():
        for at_s, values in rows.items():
            hours[object_id, hour_of(at_s)][at_s] = values
    if not hours:
        return 0
    first_s, last_s = min(hour for _id, hour in hours), max(hour for _id, hour in hours)
    there = _sealed_rows({object_id for object_id, _hour in hours}, first_s, last_s + 1)
    SealedHour.objects.bulk_create(
        [_sealed(hour, rows | there.get(hour, {})) for hour, rows in hours.items()],
        update_conflicts=True,
        unique_fields=("object_id", "hour_s"),
        update_fields=("count", "offsets", "packed"),
        batch_size=200,
    )
    return len(hours)


def _sealed(hour: Hour, rows: Rows) -> SealedHour:
    object_id, hour_s = hour
    return SealedHour(
        object_id=object_id,
        hour_s=hour_s,
        count=len(rows),
        offsets=sum(at_s - hour_s for at_s in rows),
        packed=packed.pack([(at_s, rows[at_s]) for at_s in sorted(rows)]),
    )
