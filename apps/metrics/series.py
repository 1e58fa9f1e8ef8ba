"""A chart's figures over any range in a bounded number of points, from the tier that fits the range."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from math import ceil

from django.db import connection

from apps.metrics import sealing
from apps.metrics.measures import MEASURES
from apps.metrics.models import MetricObject, Sample
from apps.metrics.retention import Keep, keep
from apps.metrics.rollup import Summary
from apps.metrics.tiers import TIERS, Tier

RAW_UP_TO_S = 2 * 3600
# Raw samples are 5–10 s apart: only a longer silence is a gap. Some things are measured now and then.
RAW_GAP_S = 45
SLOW_GAPS_S = {MetricObject.Kind.NAMESPACE: 3 * 900, MetricObject.Kind.VOLUME: 8 * 86_400}
STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200)
DAY_S = 86_400
_SAMPLE = Sample._meta.db_table
_OF_RAW = "COUNT({name}), SUM(CAST({name} AS double precision)), MIN({name}), MAX({name})"
_OF_TIER = "SUM({name}_count), SUM({name}_sum), MIN({name}_min), MAX({name}_max)"
# No chart reads more rows of a tier than this; two years of two hours are 8,772.
MOST_ROWS = 9_000


@dataclass(frozen=True, slots=True)
class Series:
    """Moments, and for each measure the mean, the highest and the least value since the moment before."""

    tier: str
    step_s: int
    gap_s: int
    at: list[int]
    columns: Mapping[str, list[float | None]]
    rows_read: int = 0


@dataclass(frozen=True, slots=True)
class Range:
    """From when to when, and how many points at most."""

    start_s: int
    end_s: int
    points: int

    @property
    def length_s(self) -> int:
        """How long it is."""
        return self.end_s - self.start_s

    def step_s(self, least: int) -> int:
        """The shortest of the usual steps with which the points suffice."""
        needed = max(least, ceil(self.length_s / self.points))
        usual = next((step for step in STEPS_S if step >= needed), 0)
        return usual or ceil(needed / DAY_S) * DAY_S


def series_of(row: MetricObject | None, span: Range, measures: Sequence[str]) -> Series:
    """Read the series; without an object it is empty, and the same shape."""
    now_s = int(time.time())
    level = level_of(span, keep(), now_s)
    step_s = span.step_s(level.step_s if level else 1)
    buckets = Buckets(measures, step_s, now_s)
    if row is not None:
        buckets.read(level, row.pk, span.start_s, span.end_s)
    gap_s = max(0 if level else RAW_GAP_S, 3 * step_s)
    if row is not None:
        gap_s = max(gap_s, SLOW_GAPS_S.get(MetricObject.Kind(row.kind), 0))
    return buckets.series(level.name if level else "raw", gap_s)


def level_of(span: Range, kept: Keep, now_s: int) -> Tier | None:
    """The tier that suits: not more rows than the points need, and one that still holds the beginning.

    None stands for the raw samples.
    """
    raw_since_s = min(kept.since_s("sealed", now_s), kept.since_s("raw", now_s))
    if span.length_s <= RAW_UP_TO_S and span.start_s >= raw_since_s:
        return None
    able = [
        tier
        for tier in TIERS
        if span.length_s <= MOST_ROWS * tier.step_s
        and span.start_s >= kept.since_s(tier.name, now_s)
    ]
    fine = [tier for tier in able if tier.step_s <= span.length_s / span.points]
    return fine[-1] if fine else (able[0] if able else TIERS[-1])


class Buckets:
    """Sums by step; what the tiers have not closed yet is filled in from those below."""

    def __init__(self, measures: Sequence[str], step_s: int, now_s: int) -> None:
        """Nothing is read yet."""
        # By way of the list, so that nothing else ever gets into a statement.
        self._measures = [MEASURES[MEASURES.index(name)] for name in measures]
        self._step_s, self._now_s = step_s, now_s
        self._found: dict[int, dict[str, Summary]] = {}
        self._rows_read = 0

    def read(self, level: Tier | None, object_id: int, start_s: int, end_s: int) -> None:
        """Read a stretch from a tier, and its newest buckets from below, where they grow still."""
        if start_s >= end_s:
            return
        if level is None:
            self._read_raw(object_id, start_s, end_s)
            return
        settled_s = self._now_s - self._now_s % level.step_s - level.step_s
        self._read_tier(level, object_id, start_s, min(end_s, settled_s))
        below = TIERS.index(level) - 1
        finer = TIERS[below] if below >= 0 else None
        self.read(finer, object_id, max(start_s, settled_s), end_s)

    def series(self, tier: str, gap_s: int) -> Series:
        """Everything that was read, in columns."""
        at = sorted(self._found)
        columns: dict[str, list[float | None]] = {}
        for name in self._measures:
            summaries = [self._found[moment].get(name) for moment in at]
            columns[name] = [None if one is None else round(one.mean, 4) for one in summaries]
            columns[f"{name}_max"] = [None if one is None else one.max for one in summaries]
            columns[f"{name}_min"] = [None if one is None else one.min for one in summaries]
        return Series(tier, self._step_s, gap_s, at, columns, self._rows_read)

    def _read_tier(self, tier: Tier, object_id: int, start_s: int, end_s: int) -> None:
        self._read_summed(tier.table, tier.moment, _OF_TIER, (object_id, start_s, end_s))

    def _read_raw(self, object_id: int, start_s: int, end_s: int) -> None:
        if sealing.may_be_sealed(start_s):
            self._read_packed(object_id, start_s, end_s)
            return
        self._read_summed(_SAMPLE, "at_s", _OF_RAW, (object_id, start_s, end_s))

    def _read_summed(
        self, table: str, moment: str, parts: str, about: tuple[int, int, int]
    ) -> None:
        """Sum up by step in the database: the answer is as long as the chart is wide.

        In plain words, since the ORM takes longer over so many columns than the database over the rows.
        """
        columns = ", ".join(parts.format(name=name) for name in self._measures)
        statement = f"""
            SELECT {moment} - {moment} %% {self._step_s}, COUNT(*), {columns} FROM {table}
            WHERE object_id = %s AND {moment} >= %s AND {moment} < %s GROUP BY 1
        """  # noqa: S608 - our own names; the values are parameters
        with connection.cursor() as cursor:
            cursor.execute(statement, about)
            for bucket, rows, *figures in cursor.fetchall():
                self._rows_read += rows
                self._add_summed(self._found.setdefault(bucket, {}), figures)

    def _add_summed(self, summaries: dict[str, Summary], figures: Sequence[float | None]) -> None:
        for name, (count, *rest) in zip(self._measures, batched(figures, 4), strict=True):
            if count:
                total, least, most = (float(figure or 0.0) for figure in rest)
                _add(summaries, name, Summary(int(count), total, least, most))

    def _read_packed(self, object_id: int, start_s: int, end_s: int) -> None:
        rows = sealing.rows_of(object_id, first_s=start_s, end_s=end_s)
        self._rows_read += len(rows)
        places = [(name, MEASURES.index(name)) for name in self._measures]
        for at_s, values in rows.items():
            self._add_row(at_s - at_s % self._step_s, [(name, values[n]) for name, n in places])

    def _add_row(self, bucket: int, values: Iterable[tuple[str, float | None]]) -> None:
        summaries = self._found.setdefault(bucket, {})
        for name, value in values:
            if value is not None:
                _add(summaries, name, Summary(1, value, value, value))


def _add(summaries: dict[str, Summary], name: str, summary: Summary) -> None:
    before = summaries.get(name)
    summaries[name] = before + summary if before else summary
