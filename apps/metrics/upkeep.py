"""Keeps the store in order: drops and seals what is old, sums up what went quiet, repairs the tiers at night."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import batched

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils import timezone

from apps.metrics import partitions, sealing, tiers
from apps.metrics.models import MetricObject, Sample, SealedHour
from apps.metrics.retention import Keep, keep_of, stored
from apps.metrics.rollup import MINUTE_S, minute_of
from apps.metrics.selectors import what_is_measured

OBJECTS_A_BATCH = 200
# A repair's statement holds SQLite's one lock for writing: many short ones let polls in between.
OBJECTS_A_REPAIR, REPAIRED_AT_ONCE_S = 10, 7200
REPAIRED = timedelta(hours=26)
QUIET_AFTER, QUIET_WITHIN = timedelta(minutes=2), timedelta(minutes=30)
# A container that is gone takes its history along after this; nobody may see it any more.
FORGET_GONE = timedelta(days=8)
LONGEST_RUN_S = 25 * 60


def drop_old_samples(*, now: datetime | None = None) -> dict[str, int]:
    """Drop from each tier what it keeps no longer, and objects that are gone; make the coming days' tables."""
    now = now or timezone.now()
    now_s, keep = int(now.timestamp()), keep_of(stored())
    partitions.make_days_ahead(now_s)
    dropped = {
        tier.name: _drop_before(tier.model, tier.moment, keep.since_s(tier.name, now_s))
        for tier in tiers.TIERS
    }
    dropped["sealed"] = _drop_before(SealedHour, "hour_s", keep.since_s("sealed", now_s))
    dropped["raw"] = _drop_raw(keep, now_s)
    dropped["objects"] = _forget_objects(now, keep)
    return dropped


def _drop_raw(keep: Keep, now_s: int) -> int:
    """Raw rows that were never sealed, but are older than sealed ones are kept."""
    cutoff_s = min(keep.since_s("sealed", now_s), keep.since_s("raw", now_s))
    if not partitions.is_partitioned():
        return _drop_before(Sample, "at_s", cutoff_s)
    over = [day_s for day_s in partitions.days() if day_s + partitions.DAY_S <= cutoff_s]
    return sum(partitions.drop_day(day_s) for day_s in over)


def _drop_before(model: type[Model], column: str, cutoff_s: int) -> int:
    """Delete a tier's rows before the moment, a batch of objects at a time, along its key."""
    dropped = 0
    for batch in batched(_every_object(), OBJECTS_A_BATCH):
        old = model._default_manager.filter(object_id__in=batch, **{f"{column}__lt": cutoff_s})
        dropped += old._raw_delete(old.db)  # no signals, one statement
    return dropped


def _every_object() -> list[int]:
    return list(MetricObject.objects.order_by("pk").values_list("pk", flat=True))


def _forget_objects(now: datetime, keep: Keep) -> int:
    """Those of which nothing is kept any more, and those that are gone."""
    longest = timedelta(seconds=max(keep.two_hours, keep.quarter_hour, keep.sealed))
    forgotten = _delete_objects(MetricObject.objects.filter(last_sample_at__lt=now - longest))
    for kind in MetricObject.Kind.values:
        quiet = MetricObject.objects.filter(kind=kind, last_sample_at__lt=now - FORGET_GONE)
        forgotten += _delete_objects(quiet.filter(~what_is_measured(kind)))
    return forgotten


def _delete_objects(objects: QuerySet[MetricObject]) -> int:
    keys = list(objects.values_list("pk", flat=True))
    for batch in batched(keys, OBJECTS_A_BATCH):
        with transaction.atomic():
            MetricObject.objects.filter(pk__in=batch).delete()
    return len(keys)


def seal_closed_hours(*, now: datetime | None = None) -> dict[str, int]:
    """Pack the raw rows that are older than the operator wants them as they came."""
    now_s = int((now or timezone.now()).timestamp())
    before_s = keep_of(stored()).since_s("raw", now_s)
    return sealing.seal(before_s=before_s, give_up_at_s=time.monotonic() + LONGEST_RUN_S)


def settle_quiet_objects(*, now: datetime | None = None) -> int:
    """Sum up the last buckets of what brings no more samples: nothing that comes would close them."""
    now = now or timezone.now()
    quiet = MetricObject.objects.filter(
        last_sample_at__gte=now - QUIET_WITHIN, last_sample_at__lt=now - QUIET_AFTER
    ).order_by("last_sample_at")
    ended = [(pk, int(at.timestamp())) for pk, at in quiet.values_list("pk", "last_sample_at")]
    for batch in batched(ended, OBJECTS_A_BATCH):
        _settle(batch)
    return len(ended)


def _settle(batch: Sequence[tuple[int, int]]) -> None:
    ended_s = [at_s for _pk, at_s in batch]
    with transaction.atomic():
        tiers.roll_up(
            [pk for pk, _at_s in batch],
            first_s=minute_of(min(ended_s)),
            end_s=minute_of(max(ended_s)) + MINUTE_S,
            with_open=True,
        )


def repair_tiers(*, now: datetime | None = None) -> dict[str, int]:
    """Sum up anew what of the last day is still there as raw rows; doing it twice changes nothing."""
    now = now or timezone.now()
    end_s = minute_of(int(now.timestamp()))
    first_s = int((now - REPAIRED).timestamp())
    first_s -= first_s % tiers.TWO_HOURS.step_s
    give_up_at_s, repaired = time.monotonic() + LONGEST_RUN_S, 0
    recent = MetricObject.objects.filter(last_sample_at__gte=datetime.fromtimestamp(first_s, UTC))
    keys = list(recent.order_by("pk").values_list("pk", flat=True))
    for batch in batched(keys, OBJECTS_A_REPAIR):
        if time.monotonic() > give_up_at_s:
            break
        for start_s, stop_s in _stretches(first_s, end_s):
            with transaction.atomic():
                tiers.roll_up(batch, first_s=start_s, end_s=stop_s)
        repaired += len(batch)
    return {"repaired": repaired, "left": len(keys) - repaired}


def _stretches(first_s: int, end_s: int) -> Iterator[tuple[int, int]]:
    for start_s in range(first_s, end_s, REPAIRED_AT_ONCE_S):
        yield start_s, min(start_s + REPAIRED_AT_ONCE_S, end_s)
