"""Takes each hour's minutes into the sketches of services' days, once; and notes which containers did nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from django.db import transaction

from apps.metrics import history
from apps.metrics.history import TaskMinute
from apps.metrics.models import MetricObject
from apps.metrics.right_sizing import sketch, throttling
from apps.metrics.right_sizing.models import QuietContainer, ServiceUsageDay, SizingProgress
from apps.workloads.selectors import container_keys, service_keys

HOUR_S = 3600
# Agents bring up to a quarter of an hour late; an hour is taken in when all of it is there.
LATE_S = 20 * 60
# The first run takes in what is kept; so many hours at most in one run.
FIRST_HOURS = 7 * 24
MOST_HOURS = 48
ROWS_A_STATEMENT = 200

# A container does nothing while it stays below both: a hundredth of a core, and the chatter of a network.
QUIET_CORES, QUIET_NETWORK_BPS = 0.01, 10.0


@dataclass(slots=True)
class Hour:
    """One service's hour."""

    cpu: Counter[int] = field(default_factory=Counter)
    memory: Counter[int] = field(default_factory=Counter)
    throttled: Counter[int] = field(default_factory=Counter)
    cpu_highest: float | None = None
    memory_highest: float | None = None
    minutes: set[int] = field(default_factory=set)

    def add(self, row: TaskMinute, *, throttled: float | None) -> None:
        """One more minute of one task, and which share of it the task was held back."""
        self.minutes.add(row.minute_s)
        if row.cpu_mean is not None:
            self.cpu[sketch.CPU.bin_of(row.cpu_mean)] += 1
        if row.memory_mean is not None:
            self.memory[sketch.MEMORY.bin_of(row.memory_mean)] += 1
        if throttled is not None:
            self.throttled[sketch.SHARE.bin_of(throttled)] += 1
        self.cpu_highest = highest(self.cpu_highest, row.cpu_max)
        self.memory_highest = highest(self.memory_highest, row.memory_max)


@dataclass(slots=True)
class Quiet:
    """One container's hour, as far as it did nothing."""

    since_s: int
    minutes: int = 0
    memory_bytes: float | None = None
    is_busy: bool = False

    def add(self, row: TaskMinute) -> None:
        """One more minute; what could not be told is not taken for nothing."""
        self.minutes += 1
        self.since_s = min(self.since_s, row.minute_s)
        self.memory_bytes = row.memory_mean if row.memory_mean is not None else self.memory_bytes
        self.is_busy = self.is_busy or not is_quiet(row)


def is_quiet(row: TaskMinute) -> bool:
    """Whether the container did next to nothing in this minute."""
    if row.cpu_mean is None or row.network_mean is None:
        return False
    return row.cpu_mean < QUIET_CORES and row.network_mean < QUIET_NETWORK_BPS


def highest(one: float | None, other: float | None) -> float | None:
    """The higher of what is known."""
    known = [value for value in (one, other) if value is not None]
    return max(known, default=None)


def fold(*, now: datetime) -> int:
    """Take in every hour that is whole by now; returns how many. Two that do it at once take each hour once."""
    end_s = _hour_of(int(now.timestamp()) - LATE_S)
    start_s = _start_s(end_s)
    hours = range(start_s, end_s, HOUR_S)[:MOST_HOURS]
    for done, hour_s in enumerate(hours):
        if not _fold_hour(hour_s):
            return done
    if hours:
        throttling.drop_before(hours[-1] + HOUR_S)
    return len(hours)


def _hour_of(at_s: int) -> int:
    return at_s - at_s % HOUR_S


def _start_s(end_s: int) -> int:
    """Where the last run ended; at first, or after a long absence, where the kept minutes begin."""
    first_s = history.first_minute_s()
    oldest_s = _hour_of(
        max(first_s if first_s is not None else end_s, end_s - FIRST_HOURS * HOUR_S)
    )
    progress, _made = SizingProgress.objects.get_or_create(
        pk=1, defaults={"folded_until_s": oldest_s}
    )
    if progress.folded_until_s < oldest_s:
        SizingProgress.objects.filter(pk=1, folded_until_s=progress.folded_until_s).update(
            folded_until_s=oldest_s
        )
        return oldest_s
    return progress.folded_until_s


def _fold_hour(hour_s: int) -> bool:
    """Read first, then write in one short transaction; False where somebody else took the hour."""
    services, quiet = _read(hour_s)
    with transaction.atomic():
        progress = SizingProgress.objects.filter(pk=1, folded_until_s=hour_s)
        if not progress.update(folded_until_s=hour_s + HOUR_S):
            return False
        _write_days(services, datetime.fromtimestamp(hour_s, tz=UTC).date())
        _write_quiet(quiet)
    return True


def _read(hour_s: int) -> tuple[dict[int, Hour], dict[int, Quiet]]:
    """What each service and each container did, by their own keys."""
    objects = {one["pk"]: one for one in history.measured_containers()}
    held = throttling.sums_of(start_s=hour_s, end_s=hour_s + HOUR_S)
    services: dict[int, Hour] = {}
    quiet: dict[int, Quiet] = {}
    for row in history.task_minutes(objects, start_s=hour_s, end_s=hour_s + HOUR_S):
        owner = objects[row.object_id]
        quiet.setdefault(owner["ref"], Quiet(row.minute_s)).add(row)
        if owner["service_ref"] is not None:
            share = _throttled(row, owner, held)
            services.setdefault(owner["service_ref"], Hour()).add(row, throttled=share)
    return services, quiet


def _throttled(
    row: TaskMinute, owner: Mapping[str, Any], held: Mapping[throttling.Minute, float]
) -> float | None:
    """None where no agent tells it."""
    if owner["source"] != MetricObject.Source.AGENT or row.cpu_mean is None:
        return None
    return throttling.share_of(held, (owner["ref"], row.minute_s), samples=row.samples)


def _write_days(services: Mapping[int, Hour], day: date) -> None:
    known = service_keys(services)
    stored = {
        row.service_id: row for row in ServiceUsageDay.objects.filter(day=day, service__in=known)
    }
    rows = [
        _merged(stored.get(key) or ServiceUsageDay(service_id=key, day=day), services[key])
        for key in known
    ]
    fields = [*BINS.values(), "cpu_highest", "memory_highest", "minutes"]
    ServiceUsageDay.objects.bulk_create(
        rows,
        batch_size=ROWS_A_STATEMENT,
        update_conflicts=True,
        unique_fields=("service", "day"),
        update_fields=fields,
    )


BINS = {"cpu": "cpu_bins", "memory": "memory_bins", "throttled": "throttled_bins"}


def _merged(row: ServiceUsageDay, hour: Hour) -> ServiceUsageDay:
    for own, column in BINS.items():
        whole = sketch.added([sketch.unpacked(getattr(row, column)), getattr(hour, own)])
        setattr(row, column, sketch.packed(whole))
    row.cpu_highest = highest(row.cpu_highest, hour.cpu_highest)
    row.memory_highest = highest(row.memory_highest, hour.memory_highest)
    row.minutes += len(hour.minutes)
    # A row that was read keeps its key, and one that is new gets its own.
    row.pk = None
    return row


def _write_quiet(found: Mapping[int, Quiet]) -> None:
    """Forget those that did something, go on counting the others."""
    busy = [key for key, hour in found.items() if hour.is_busy]
    for part in _parts(busy):
        QuietContainer.objects.filter(container__in=part).delete()
    still = {key: hour for key, hour in found.items() if not hour.is_busy}
    known = container_keys(still)
    before: dict[int, Any] = {}
    for part in _parts(known):
        before |= {
            row.container_id: row for row in QuietContainer.objects.filter(container__in=part)
        }
    QuietContainer.objects.bulk_create(
        [_longer(before.get(key), key, still[key]) for key in known],
        batch_size=ROWS_A_STATEMENT,
        update_conflicts=True,
        unique_fields=("container",),
        update_fields=("since_s", "minutes", "memory_bytes"),
    )


def _longer(row: QuietContainer | None, key: int, hour: Quiet) -> QuietContainer:
    return QuietContainer(
        container_id=key,
        since_s=row.since_s if row else hour.since_s,
        minutes=(row.minutes if row else 0) + hour.minutes,
        memory_bytes=hour.memory_bytes,
    )


def _parts(keys: Iterable[int]) -> Iterable[list[int]]:
    rest = list(keys)
    return (rest[start : start + 500] for start in range(0, len(rest), 500))
