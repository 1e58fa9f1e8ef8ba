"""What a service should reserve and be limited to, from what its tasks used. Pure; in words: docs/right-sizing.md."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

MIB, GIB = 2**20, 2**30

# A reservation covers all but the rarest minutes, a limit the highest sample; memory cannot be
# taken back from a task as processor time can, so that its reservation covers the highest as well.
CPU_RESERVATION_HEADROOM, CPU_LIMIT_HEADROOM = 1.15, 1.25
MEMORY_RESERVATION_HEADROOM, MEMORY_LIMIT_HEADROOM = 1.10, 1.25
# What was held back cannot show what it would have used.
THROTTLED_FROM, THROTTLED_GROWTH = 0.05, 1.5

CPU_STEPS = ((0.1, 0.01), (1.0, 0.05), (4.0, 0.1), (float("inf"), 0.5))
MEMORY_STEPS = (
    (512 * MIB, 16 * MIB),
    (2 * GIB, 64 * MIB),
    (8 * GIB, 256 * MIB),
    (float("inf"), GIB),
)
LEAST_CPU, LEAST_MEMORY = 0.01, 16 * MIB

# Less than a day's data suggests nothing; a service has nights and backups.
ENOUGH_DAYS = 1.0
NEAR_LIMIT = 0.9
OVER_RESERVATION = 1.1
WIDE = 1.5
# What is not worth a change: less than this in all tasks together.
WORTH_CORES, WORTH_BYTES = 0.1, 64 * MIB

VERDICTS = ("tight", "wide", "unset", "fits", "young", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What one task used, over all tasks and all days."""

    p50: float
    p95: float
    highest: float
    throttled_share: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What a task reserves and is limited to; 0 is nothing."""

    reservation: float
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What to reserve and to be limited to instead, what that frees in all tasks, and one word."""

    verdict: str
    suggested: Promise | None = None
    saving: float = 0.0


def cpu_advice(use: Use | None, promise: Promise, *, tasks: int, days: float) -> Advice:
    """For processor time, in cores."""
    if use is None or days < ENOUGH_DAYS:
        return Advice(verdict="unknown" if use is None else "young")
    is_throttled = use.throttled_share >= THROTTLED_FROM and promise.limit > 0
    reservation = stepped(use.p95 * CPU_RESERVATION_HEADROOM, CPU_STEPS, LEAST_CPU)
    wanted = use.highest * CPU_LIMIT_HEADROOM
    if is_throttled:
        wanted = max(wanted, promise.limit * THROTTLED_GROWTH)
    limit = max(reservation, stepped(wanted, CPU_STEPS, LEAST_CPU))
    suggested = Promise(reservation=reservation, limit=limit)
    is_tight = is_throttled or _is_over(use.p95, promise.reservation, slack=WORTH_CORES / 2)
    return _advice(promise, suggested, is_tight=is_tight, tasks=tasks, worth=WORTH_CORES)


def memory_advice(use: Use | None, promise: Promise, *, tasks: int, days: float) -> Advice:
    """For memory, in bytes."""
    if use is None or days < ENOUGH_DAYS:
        return Advice(verdict="unknown" if use is None else "young")
    suggested = Promise(
        reservation=stepped(use.highest * MEMORY_RESERVATION_HEADROOM, MEMORY_STEPS, LEAST_MEMORY),
        limit=stepped(use.highest * MEMORY_LIMIT_HEADROOM, MEMORY_STEPS, LEAST_MEMORY),
    )
    near_limit = promise.limit > 0 and use.highest >= NEAR_LIMIT * promise.limit
    is_tight = near_limit or _is_over(use.p95, promise.reservation, slack=WORTH_BYTES / 2)
    return _advice(promise, suggested, is_tight=is_tight, tasks=tasks, worth=WORTH_BYTES)


def _is_over(used: float, reserved: float, *, slack: float) -> bool:
    """Whether more is used than reserved, by a part and an amount that matter."""
    return 0 < reserved * OVER_RESERVATION < used and used - reserved > slack


def _advice(
    promise: Promise, suggested: Promise, *, is_tight: bool, tasks: int, worth: float
) -> Advice:
    freed = (promise.reservation - suggested.reservation) * tasks if promise.reservation else 0.0
    is_wide = promise.reservation > suggested.reservation * WIDE and freed >= worth
    verdict = (
        "tight"
        if is_tight
        else "unset"
        if not promise.reservation
        else "wide"
        if is_wide
        else "fits"
    )
    # What fits is left alone, and nobody restarts a service for a small difference.
    matters = verdict != "fits" and abs(freed) >= worth
    return Advice(verdict=verdict, suggested=suggested, saving=freed if matters else 0.0)


def stepped(value: float, steps: tuple[tuple[float, float], ...], least: float) -> float:
    """Rounded up to a number that a person would write."""
    step = next(step for up_to, step in steps if value <= up_to)
    # Float dust must not push a round value to the next step.
    return max(least, round(ceil(round(value / step, 6)) * step, 4))


def worse_of(one: str, other: str) -> str:
    """The verdict that a service as a whole gets."""
    return min(one, other, key=VERDICTS.index)


def command(name: str, *, cpu: Promise | None, memory: Promise | None) -> str:
    """The docker command that does what is suggested; nothing where nothing is."""
    options = [
        *((f"--reserve-cpu {cpu.reservation:g}", f"--limit-cpu {cpu.limit:g}") if cpu else ()),
        *(
            (f"--reserve-memory {_mib(memory.reservation)}", f"--limit-memory {_mib(memory.limit)}")
            if memory
            else ()
        ),
    ]
    return f"docker service update {' '.join(options)} {name}" if options else ""


def _mib(size_bytes: float) -> str:
    return f"{round(size_bytes / MIB)}M"
