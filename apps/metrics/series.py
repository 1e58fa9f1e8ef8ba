"""A chart's figures over any range in a bounded number of points, from the tier that fits the range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from django.db.models import Count, F, Max, Model, Sum

from apps.metrics.models import MetricObject, MinuteSample, Sample
from apps.metrics.rollup import MINUTE_S

RAW_UP_TO_S = 2 * 3600
# Raw samples are 5–10 s apart: only a longer silence is a gap.
RAW_GAP_S = 45
STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)


@dataclass(frozen=True, slots=True)
class Series:
    """Moments, and for each measure the mean and the highest value since the moment before."""

    tier: str
    step_s: int
    gap_s: int
    at: list[int]
    columns: Mapping[str, list[float | None]]


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
        return next((step for step in STEPS_S if step >= needed), needed)


def series_of(row: MetricObject | None, span: Range, measures: Sequence[str]) -> Series:
    """Read the series; without an object it is empty, and the same shape."""
    if span.length_s <= RAW_UP_TO_S:
        step_s = span.step_s(1)
        rows = _raw(row, span, measures, step_s)
        return _series("raw", step_s, max(RAW_GAP_S, 3 * step_s), rows, measures)
    step_s = span.step_s(MINUTE_S)
    rows = _minutes(row, span, measures, step_s)
    return _series("minute", step_s, 3 * step_s, rows, measures)


def _raw(
    row: MetricObject | None, span: Range, measures: Sequence[str], step_s: int
) -> list[dict[str, Any]]:
    parts: dict[str, Any] = {}
    for name in measures:
        parts |= {
            f"{name}__n": Count(name),
            f"{name}__total": Sum(name),
            f"{name}__top": Max(name),
        }
    return _buckets(Sample, "at_s", row, span, step_s, parts)


def _minutes(
    row: MetricObject | None, span: Range, measures: Sequence[str], step_s: int
) -> list[dict[str, Any]]:
    parts: dict[str, Any] = {}
    for name in measures:
        parts |= {
            f"{name}__n": Sum(f"{name}_count"),
            f"{name}__total": Sum(f"{name}_sum"),
            f"{name}__top": Max(f"{name}_max"),
        }
    return _buckets(MinuteSample, "minute_s", row, span, step_s, parts)


def _buckets(
    model: type[Model],
    moment: str,
    row: MetricObject | None,
    span: Range,
    step_s: int,
    parts: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """Sum up by step in the database: the answer is as long as the chart is wide, whatever the range."""
    if row is None:
        return []
    within = {f"{moment}__gte": span.start_s, f"{moment}__lt": span.end_s}
    rows = model._default_manager.filter(object_id=row.pk, **within)
    steps = rows.annotate(bucket=F(moment) - F(moment) % step_s).values("bucket")
    return list(steps.annotate(**parts).order_by("bucket"))


def _series(
    tier: str, step_s: int, gap_s: int, rows: Sequence[Mapping[str, Any]], measures: Sequence[str]
) -> Series:
    columns: dict[str, list[float | None]] = {}
    for name in measures:
        columns[name] = [_mean(row[f"{name}__total"], row[f"{name}__n"]) for row in rows]
        columns[f"{name}_max"] = [row[f"{name}__top"] for row in rows]
    return Series(tier, step_s, gap_s, [row["bucket"] for row in rows], columns)


def _mean(total: float | None, count: int | None) -> float | None:
    return None if total is None or not count else round(total / count, 4)
