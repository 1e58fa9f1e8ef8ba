"""The days of each service → one row: what its tasks used, what it should reserve, what that frees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import batched, groupby
from typing import Any

from apps.metrics.right_sizing import folding, rules, sketch
from apps.metrics.right_sizing.models import ServiceSizing, ServiceUsageDay
from apps.metrics.right_sizing.rules import Advice, Promise, Use
from apps.workloads.selectors import all_services

KEPT_DAYS = 14
MINUTES_A_DAY = 1440
SERVICES_A_BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """What is known of one service over its days."""

    cpu: Use | None = None
    memory: Use | None = None
    throttled_share: float | None = None
    days: float = 0.0


def reckon(*, now: datetime) -> int:
    """Write one row for every service, and drop days that are too old; returns how many rows."""
    first = (now.astimezone(UTC) - timedelta(days=KEPT_DAYS)).date()
    ServiceUsageDay.objects.filter(day__lt=first).delete()
    written = 0
    for services in batched(all_services(), SERVICES_A_BATCH):
        written += len(_write(services, now=now))
    return written


def _write(services: Sequence[Any], *, now: datetime) -> list[ServiceSizing]:
    days = _days_of([service.pk for service in services])
    rows = [_sizing(service, days.get(service.pk, Days()), now=now) for service in services]
    return ServiceSizing.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=("service",),
        update_fields=[
            field.name
            for field in ServiceSizing._meta.concrete_fields
            if field.name not in {"id", "service"}
        ],
    )


def _days_of(keys: Sequence[int]) -> dict[int, Days]:
    rows = ServiceUsageDay.objects.filter(service__in=keys).order_by("service", "day")
    return {key: _together(list(own)) for key, own in groupby(rows, lambda row: row.service_id)}


def _together(rows: Sequence[ServiceUsageDay]) -> Days:
    throttled = _bins(rows, "throttled_bins")
    share = sketch.SHARE.quantile(throttled, 0.95) if throttled else None
    cpu = _use(sketch.CPU, _bins(rows, "cpu_bins"), _highest(row.cpu_highest for row in rows))
    memory = _use(
        sketch.MEMORY, _bins(rows, "memory_bins"), _highest(row.memory_highest for row in rows)
    )
    return Days(
        cpu=cpu,
        memory=memory,
        throttled_share=share,
        days=sum(row.minutes for row in rows) / MINUTES_A_DAY,
    )


def _bins(rows: Iterable[ServiceUsageDay], column: str) -> sketch.Bins:
    return sketch.added(sketch.unpacked(getattr(row, column)) for row in rows)


def _highest(values: Iterable[float | None]) -> float | None:
    found: float | None = None
    for value in values:
        found = folding.highest(found, value)
    return found


def _use(scale: sketch.Scale, bins: sketch.Bins, highest: float | None) -> Use | None:
    """None where nothing was measured; a mean is never above the highest sample it is of."""
    p50, p95 = scale.quantile(bins, 0.5), scale.quantile(bins, 0.95)
    if p50 is None or p95 is None:
        return None
    top = p95 if highest is None else highest
    return Use(p50=min(p50, top), p95=min(p95, top), highest=top)


def _sizing(service: Any, days: Days, *, now: datetime) -> ServiceSizing:  # noqa: ANN401 - a row of another app
    tasks = service.running_tasks or service.desired_tasks
    cpu_promise = Promise(reservation=service.cpu_reservation, limit=service.cpu_limit)
    memory_promise = Promise(
        reservation=service.memory_reservation_bytes, limit=service.memory_limit_bytes
    )
    cpu_use = _with_throttling(days.cpu, days.throttled_share)
    cpu = rules.cpu_advice(cpu_use, cpu_promise, tasks=tasks, days=days.days)
    memory = rules.memory_advice(days.memory, memory_promise, tasks=tasks, days=days.days)
    return ServiceSizing(
        service_id=service.pk,
        reckoned_at=now,
        days=days.days,
        tasks=tasks,
        verdict=rules.worse_of(cpu.verdict, memory.verdict),
        cpu_throttled_share=days.throttled_share,
        **_columns("cpu", days.cpu, cpu_promise, cpu),
        **_columns("memory", days.memory, memory_promise, memory),
    )


def _with_throttling(use: Use | None, share: float | None) -> Use | None:
    if use is None or share is None:
        return use
    return Use(p50=use.p50, p95=use.p95, highest=use.highest, throttled_share=share)


def _columns(name: str, use: Use | None, promise: Promise, advice: Advice) -> dict[str, Any]:
    suggested = advice.suggested
    columns = {
        "verdict": advice.verdict,
        "p50": use.p50 if use else None,
        "p95": use.p95 if use else None,
        "highest": use.highest if use else None,
        "reservation": promise.reservation,
        "limit": promise.limit,
        "suggested_reservation": suggested.reservation if suggested else None,
        "suggested_limit": suggested.limit if suggested else None,
        "saving": advice.saving,
    }
    return {f"{name}_{column}": value for column, value in columns.items()}
