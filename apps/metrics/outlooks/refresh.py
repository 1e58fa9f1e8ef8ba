"""The hourly refresh: a few objects at a time, whoever waited longest first, so that it goes on where it stopped."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from apps.metrics.forecast.arrays import DAY_HOURS, WEEK_HOURS
from apps.metrics.models import MetricObject, Outlook, OutlookTurn, TimeToFull
from apps.metrics.outlooks.history import HOUR_S, Hours, Span, hourly_history
from apps.metrics.outlooks.making import (
    HORIZONS_H,
    SILENT,
    Subject,
    mark,
    outlooks_of,
    times_to_full,
)
from apps.metrics.outlooks.measured import filling_measures, outlook_measures

Kind = MetricObject.Kind
History = Mapping[tuple[int, str], Hours]

OBJECTS_A_BATCH = 8
BUDGET_S = 10.0
KEEP = timedelta(days=30)
# A week's forecast is seven times as long: those made at midnight stay, the day's others go sooner.
KEEP_EVERY_WEEKLY = timedelta(days=8)
DAY_S = DAY_HOURS * HOUR_S
ROWS_A_DROP = 5000


def refresh(*, now: datetime | None = None, budget_s: float = BUDGET_S) -> dict[str, int]:
    """Make what this hour lacks until the time is up; the numbers say how far it came."""
    began, done = time.monotonic(), {"objects": 0, "outlooks": 0}
    now = now or timezone.now()
    span = Span.before(int(now.timestamp()))
    while time.monotonic() - began < budget_s:
        batch = due(span.end_s, now=now)
        if not batch:
            break
        done["outlooks"] += _refresh(batch, span, now)
        done["objects"] += len(batch)
    return done


def due(hour_s: int, *, now: datetime) -> list[MetricObject]:
    """The next objects without outlooks of this hour."""
    heard = MetricObject.objects.filter(last_sample_at__gte=now - SILENT).exclude(
        kind=Kind.CONTAINER
    )
    waiting = heard.filter(Q(outlook_turn=None) | Q(outlook_turn__hour_s__lt=hour_s))
    order = F("outlook_turn__hour_s").asc(nulls_first=True)
    return list(waiting.order_by(order, "pk")[:OBJECTS_A_BATCH])


def _refresh(batch: Sequence[MetricObject], span: Span, now: datetime) -> int:
    ids = [row.pk for row in batch]
    history = hourly_history(ids, _measures(batch), span)
    made = [
        outlook
        for row in batch
        for subject in _subjects(row, outlook_measures(row.kind), history, now)
        for outlook in outlooks_of(subject)
    ]
    full = [
        crossing
        for row in batch
        for subject in _subjects(row, filling_measures(row.kind), history, now)
        for crossing in times_to_full(subject)
    ]
    marked = _marked(ids, history, span)
    with transaction.atomic():
        _store(ids, made, full, marked)
        turns = [OutlookTurn(object_id=pk, hour_s=span.end_s) for pk in ids]
        OutlookTurn.objects.bulk_create(
            turns, update_conflicts=True, unique_fields=["object"], update_fields=["hour_s"]
        )
    return len(made)


def _measures(batch: Sequence[MetricObject]) -> list[str]:
    kinds = {row.kind for row in batch}
    names = [(*outlook_measures(kind), *filling_measures(kind)) for kind in sorted(kinds)]
    return list(dict.fromkeys(name for some in names for name in some))


def _subjects(
    row: MetricObject, measures: Sequence[str], history: History, now: datetime
) -> list[Subject]:
    return [
        Subject(row=row, measure=name, hours=history[row.pk, name], now=now)
        for name in measures
        if (row.pk, name) in history
    ]


MARKS = ("known_hours", "hits", "error", "error_yesterday", "error_last_value")


def _marked(ids: Collection[int], history: History, span: Span) -> list[Outlook]:
    """Forecasts whose last hour is over and that have no marks yet."""
    is_over = Q()
    for hours_ahead in HORIZONS_H:
        is_over |= Q(horizon_h=hours_ahead, start_s__lte=span.end_s - hours_ahead * HOUR_S)
    waiting = Outlook.objects.filter(
        is_over, object_id__in=ids, known_hours=None, start_s__gt=span.first_s
    )
    return [
        outlook
        for outlook in waiting.order_by("-start_s")[:ROWS_A_DROP]
        if (hours := history.get((outlook.object_id, outlook.measure))) and mark(outlook, hours)
    ]


def _store(
    ids: Collection[int],
    made: Sequence[Outlook],
    full: Sequence[TimeToFull],
    marked: Sequence[Outlook],
) -> None:
    Outlook.objects.bulk_create(made, ignore_conflicts=True)
    if marked:
        Outlook.objects.bulk_update(marked, MARKS, batch_size=100)
    TimeToFull.objects.filter(object_id__in=ids).delete()
    TimeToFull.objects.bulk_create(full)


def drop_old(*, now: datetime | None = None) -> int:
    """Forget forecasts after thirty days, and dates of things that were not heard of since."""
    now = now or timezone.now()
    TimeToFull.objects.filter(issued_at__lt=now - 2 * SILENT).delete()
    weekly = Outlook.objects.filter(horizon_h=WEEK_HOURS, issued_at__lt=now - KEEP_EVERY_WEEKLY)
    return _drop(Outlook.objects.filter(issued_at__lt=now - KEEP)) + _drop(
        weekly.annotate(of_day=F("start_s") % DAY_S).exclude(of_day=0)
    )


def _drop(old: QuerySet[Outlook]) -> int:
    """A few thousand at a time, so that nobody waits for the table."""
    dropped = 0
    while keys := list(old.order_by().values_list("pk", flat=True)[:ROWS_A_DROP]):
        rows = Outlook.objects.filter(pk__in=keys)
        dropped += rows._raw_delete(rows.db)  # no signals, one statement
    return dropped
