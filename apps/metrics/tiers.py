"""The tiers above the raw samples: minutes, quarters of an hour and two hours, each summed up from the one below.

A bucket is written when it is over, and again whenever something of it changed, from
what is stored below it: so doing it twice changes nothing, and late rows come out right.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import batched

from django.db import connection
from django.db.models import Model

from apps.metrics import sealing
from apps.metrics.measures import MEASURES
from apps.metrics.models import (
    SUMMARY_COLUMNS,
    SUMMARY_PARTS,
    MinuteSample,
    QuarterSample,
    Sample,
    TwoHourSample,
)
from apps.metrics.rollup import roll_up as summed_up

OBJECTS_A_STATEMENT = 400


@dataclass(frozen=True, slots=True)
class Tier:
    """One table of sums, and how long each of its buckets is."""

    name: str
    model: type[Model]
    moment: str
    step_s: int

    @property
    def table(self) -> str:
        """Its name in the database."""
        return self.model._meta.db_table


MINUTE = Tier("minute", MinuteSample, "minute_s", 60)
QUARTER = Tier("quarter_hour", QuarterSample, "quarter_s", 900)
TWO_HOURS = Tier("two_hours", TwoHourSample, "two_hours_s", 7200)
TIERS = (MINUTE, QUARTER, TWO_HOURS)

_RAW_PARTS = {
    "sum": "SUM(CAST({name} AS double precision))",
    "min": "MIN({name})",
    "max": "MAX({name})",
    "count": "NULLIF(COUNT({name}), 0)",
}
_TIER_PARTS = {
    "sum": "SUM({name}_sum)",
    "min": "MIN({name}_min)",
    "max": "MAX({name}_max)",
    "count": "SUM({name}_count)",
}


def _statement(tier: Tier, *, table: str, moment: str, parts: dict[str, str]) -> str:
    summed = ", ".join(parts[part].format(name=name) for part in SUMMARY_PARTS for name in MEASURES)
    bucket = f"{moment} - {moment} %% {tier.step_s}"
    overwrite = ", ".join(f"{name} = excluded.{name}" for name in SUMMARY_COLUMNS)
    return f"""
        INSERT INTO {tier.table} (object_id, {tier.moment}, {", ".join(SUMMARY_COLUMNS)})
        SELECT object_id, {bucket}, {summed} FROM {table}
        WHERE object_id IN ({{places}}) AND {moment} >= %s AND {moment} < %s
        GROUP BY object_id, {bucket}
        ON CONFLICT (object_id, {tier.moment}) DO UPDATE SET {overwrite}
    """  # noqa: S608 - our own names; the values are parameters


_STATEMENTS = {
    MINUTE: _statement(MINUTE, table=Sample._meta.db_table, moment="at_s", parts=_RAW_PARTS),
    QUARTER: _statement(QUARTER, table=MINUTE.table, moment=MINUTE.moment, parts=_TIER_PARTS),
    TWO_HOURS: _statement(TWO_HOURS, table=QUARTER.table, moment=QUARTER.moment, parts=_TIER_PARTS),
}


def roll_up(
    object_ids: Collection[int], *, first_s: int, end_s: int, with_open: bool = False
) -> None:
    """Sum up the minutes from the first to before the end, and what of the coarser tiers they close.

    `with_open` also writes the buckets that are not over: of objects that bring no more.
    """
    for part in batched(object_ids, OBJECTS_A_STATEMENT):
        _run(MINUTE, part, first_s, end_s)
        _roll_up_sealed(part, first_s, end_s)
        for tier in (QUARTER, TWO_HOURS):
            start_s, stop_s = span_of(tier, first_s, end_s, with_open=with_open)
            if start_s < stop_s:
                _run(tier, part, start_s, stop_s)


def span_of(tier: Tier, first_s: int, end_s: int, *, with_open: bool) -> tuple[int, int]:
    """The whole buckets that a stretch touches: those that are over at its end, or all."""
    stop_s = end_s - end_s % tier.step_s
    if with_open and stop_s < end_s:
        stop_s += tier.step_s
    return first_s - first_s % tier.step_s, stop_s


def _run(tier: Tier, object_ids: Collection[int], first_s: int, end_s: int) -> None:
    statement = _STATEMENTS[tier].format(places=", ".join(["%s"] * len(object_ids)))
    with connection.cursor() as cursor:
        cursor.execute(statement, [*object_ids, first_s, end_s])


def _roll_up_sealed(object_ids: Collection[int], first_s: int, end_s: int) -> None:
    """Minutes of sealed hours come from the packed rows and what came late, together."""
    points = sealing.points_of_sealed_hours(object_ids, first_s=first_s, end_s=end_s)
    rows = [
        MinuteSample(object_id=object_id, minute_s=minute_s, **dict(_columns(summaries)))
        for (object_id, minute_s), summaries in summed_up(points).items()
    ]
    MinuteSample.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=("object_id", "minute_s"),
        update_fields=SUMMARY_COLUMNS,
    )


def _columns(summaries: sealing.Summaries) -> Iterator[tuple[str, float]]:
    for measure, summary in summaries.items():
        for part in SUMMARY_PARTS:
            yield f"{measure}_{part}", getattr(summary, part)
