"""The hourly history of measured objects, from the tier that reaches back furthest: the one place that knows which."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import F, Max, Sum

from apps.metrics.forecast.arrays import Floats, Ints
from apps.metrics.models import MinuteSample
from apps.metrics.rollup import MINUTE_S

HOUR_S = 3600
DAY_S = 24 * HOUR_S
LONGEST_DAYS = 14
# The minute that an hour ends with is summed up a little after it is over.
SETTLED_S = 2 * MINUTE_S


@dataclass(frozen=True, slots=True)
class Hours:
    """The clock hours of which a measure is known: when each begins, its mean and its highest value."""

    start_s: Ints
    mean: Floats
    top: Floats

    def __len__(self) -> int:
        """How many are known."""
        return len(self.start_s)

    def between(self, first_s: int, end_s: int) -> Hours:
        """Those from one moment to before another."""
        chosen = (self.start_s >= first_s) & (self.start_s < end_s)
        return Hours(self.start_s[chosen], self.mean[chosen], self.top[chosen])


@dataclass(frozen=True, slots=True)
class Span:
    """Whole hours, from the first to before the end."""

    first_s: int
    end_s: int

    @classmethod
    def before(cls, now_s: int, *, hours: int = LONGEST_DAYS * 24) -> Span:
        """The newest hours that are over."""
        end_s = (now_s - SETTLED_S) // HOUR_S * HOUR_S
        return cls(end_s - hours * HOUR_S, end_s)


def hourly_history(
    object_ids: Collection[int], measures: Sequence[str], span: Span
) -> dict[tuple[int, str], Hours]:
    """Every object's hours by measure, in one query that sums up in the database; what is unknown is left out."""
    parts: dict[str, Any] = {}
    for name in measures:
        parts |= {
            f"{name}__n": Sum(f"{name}_count"),
            f"{name}__total": Sum(f"{name}_sum"),
            f"{name}__top": Max(f"{name}_max"),
        }
    rows = MinuteSample.objects.filter(
        object_id__in=list(object_ids), minute_s__gte=span.first_s, minute_s__lt=span.end_s
    )
    hours = rows.annotate(hour=F("minute_s") - F("minute_s") % HOUR_S).values("object_id", "hour")
    return _columns(list(hours.annotate(**parts).order_by("object_id", "hour")), measures)


def _columns(
    rows: Sequence[Mapping[str, Any]], measures: Sequence[str]
) -> dict[tuple[int, str], Hours]:
    found: dict[tuple[int, str], list[tuple[int, float, float]]] = {}
    for row in rows:
        for name in measures:
            count, total, top = (row[f"{name}__{part}"] for part in ("n", "total", "top"))
            if count and total is not None:
                hour = (row["hour"], total / count, top)
                found.setdefault((row["object_id"], name), []).append(hour)
    return {key: _hours(known) for key, known in found.items()}


def _hours(known: Sequence[tuple[int, float, float]]) -> Hours:
    start_s, mean, top = zip(*known, strict=True)
    return Hours(np.array(start_s, dtype=np.int64), np.array(mean), np.array(top))
