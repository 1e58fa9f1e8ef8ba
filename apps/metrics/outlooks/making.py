"""From an object's hours to its outlooks, to the marks of those that are over, and to the days it has left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from apps.metrics.forecast.arrays import DAY_HOURS, WEEK_HOURS, Floats
from apps.metrics.forecast.engine import ENSEMBLE_FROM_HOURS, Limits
from apps.metrics.forecast.series import HourlySeries, hourly_means
from apps.metrics.forecast.skill import NOTHING, judged
from apps.metrics.forecast.time_to_full import Crossing, time_to_full
from apps.metrics.models import MetricObject, Outlook, TimeToFull
from apps.metrics.outlooks.history import HOUR_S, Hours
from apps.metrics.outlooks.measured import capacity_of
from apps.metrics.outlooks.packing import Curve, pack, unpack

HORIZONS_H = (DAY_HOURS, WEEK_HOURS)
# A week ahead needs a week that was forecast and came, and two days before it to forecast it from.
LEAST_HOURS = {DAY_HOURS: ENSEMBLE_FROM_HOURS, WEEK_HOURS: WEEK_HOURS + 2 * DAY_HOURS}
# What was silent longer has no present to go on from.
SILENT = timedelta(hours=6)
LEAST_SCORED_SHARE = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One measure of one object, with its history up to the hour that ends now."""

    row: MetricObject
    measure: str
    hours: Hours
    now: datetime

    @property
    def capacity(self) -> float | None:
        """How much there can be of it."""
        return capacity_of(self.row, self.measure)


def outlooks_of(subject: Subject) -> Iterator[Outlook]:
    """One for each horizon that the history is long enough for."""
    hours = subject.hours
    if not len(hours) or _is_silent(subject):
        return
    series = hourly_means(hours.start_s.astype(np.float64), hours.mean)
    for horizon_h in HORIZONS_H:
        if min(len(hours), series.hours) >= LEAST_HOURS[horizon_h]:
            yield _outlook(subject, series, horizon_h)


def _is_silent(subject: Subject) -> bool:
    silent_s = subject.now.timestamp() - float(subject.hours.start_s[-1] + HOUR_S)
    return silent_s > SILENT.total_seconds()


def _outlook(subject: Subject, series: HourlySeries, horizon_h: int) -> Outlook:
    limits = Limits(capacity=subject.capacity)
    made, skill = judged(series.values, horizon=horizon_h, limits=limits)
    return Outlook(
        object_id=subject.row.pk,
        measure=subject.measure,
        horizon_h=horizon_h,
        start_s=series.start_s + series.hours * HOUR_S,
        issued_at=subject.now,
        packed=pack(Curve(made.point, made.lower, made.upper)),
        capacity=subject.capacity,
        against_yesterday=skill.against_yesterday,
        against_last_value=skill.against_last_value,
        checks=skill.checks,
        is_proven=skill.is_proven,
    )


def mark(outlook: Outlook, hours: Hours) -> bool:
    """Hold a forecast whose hours are over against what came; False where too little of that is known."""
    day = _on_a_grid(hours, outlook.start_s - DAY_HOURS * HOUR_S, DAY_HOURS)
    truth = _on_a_grid(hours, outlook.start_s, outlook.horizon_h)
    known, before = ~np.isnan(truth), day[~np.isnan(day)]
    if known.mean() < LEAST_SCORED_SHARE or not len(before):
        return False
    curve = unpack(bytes(outlook.packed))
    yesterday = np.resize(np.where(np.isnan(day), before[-1], day), outlook.horizon_h)
    is_hit = (curve.lower <= truth) & (truth <= curve.upper)
    outlook.known_hours = int(known.sum())
    outlook.hits = int(is_hit[known].sum())
    outlook.error = _mean_error(truth[known], curve.point[known])
    outlook.error_yesterday = _mean_error(truth[known], yesterday[known])
    outlook.error_last_value = _mean_error(truth[known], before[-1])
    return True


def _mean_error(truth: Floats, guess: Floats | float) -> float:
    error = float(np.abs(truth - guess).mean())
    return error if error > NOTHING * float(np.abs(truth).max()) else 0.0


def _on_a_grid(hours: Hours, first_s: int, count: int) -> Floats:
    """One value an hour, NaN where it is not known."""
    values = np.full(count, np.nan)
    own = hours.between(first_s, first_s + count * HOUR_S)
    values[(own.start_s - first_s) // HOUR_S] = own.mean
    return values


def times_to_full(subject: Subject) -> list[TimeToFull]:
    """A row for each threshold ahead, counted from the newest sample."""
    hours = subject.hours
    if not len(hours) or _is_silent(subject) or subject.capacity is None:
        return []
    crossings = time_to_full(hours.start_s.astype(np.float64), hours.top, capacity=subject.capacity)
    return _rows(subject, subject.capacity, crossings)


def _rows(subject: Subject, capacity: float, crossings: Sequence[Crossing]) -> list[TimeToFull]:
    newest = datetime.fromtimestamp(int(subject.hours.start_s[-1]) + HOUR_S, tz=UTC)
    return [
        TimeToFull(
            object_id=subject.row.pk,
            measure=subject.measure,
            threshold=round(crossing.threshold * 100),
            expected_at=newest + timedelta(days=crossing.expected_days),
            early_at=newest + timedelta(days=crossing.early_days),
            late_at=crossing.late_days and newest + timedelta(days=crossing.late_days),
            used=float(subject.hours.mean[-1]),
            capacity=capacity,
            issued_at=subject.now,
        )
        for crossing in crossings
    ]
