"""How much of the time containers were held back by their CPU limit, as agents tell it.

Most containers never are, so only the moments at which one was are kept, and only until
the hour is taken in: a minute without such a moment was free.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from django.db import connection

from apps.metrics import agent_ticks
from apps.metrics.agent_rows import AgentUsage
from apps.metrics.right_sizing.models import ThrottledSample
from apps.metrics.rollup import minute_of

# The clocks of nodes differ a little; what lies further ahead is no moment that was.
AHEAD_S = 30
PERIODS, HELD_BACK = "cpu_periods_per_s", "cpu_throttled_periods_per_s"
# Plain, as the samples beside it: where every container is held back, there are as many rows.
_INSERT = (
    f"INSERT INTO {ThrottledSample._meta.db_table} (container_ref, at_s, share)"  # noqa: S608 - our own name
    " VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
)

Minute = tuple[int, int]


def keep(usages: Sequence[AgentUsage], *, now: datetime) -> None:
    """Store the moments at which a container was held back, in the caller's transaction."""
    latest_s = int(now.timestamp()) + AHEAD_S
    rows = [
        (ref, at_s, share)
        for usage in usages
        for ref, at_s, share in moments_of(usage)
        if 0 <= at_s <= latest_s
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_INSERT, rows)


def moments_of(usage: AgentUsage) -> Iterator[tuple[int, int, float]]:
    """Container, second and share of the scheduler's periods in which it was held back."""
    table = usage.snapshot.tables["containers"]
    held = table.columns[HELD_BACK]
    if not any(held):
        return
    at_s = agent_ticks.moments(usage.snapshot.ticks, clock_ahead_s=usage.clock_ahead_s)
    rows = zip(table.tick, table.key, table.columns[PERIODS], held, strict=True)
    for tick, key, periods, held_back in rows:
        container = usage.containers.get(table.keys[key])
        if container is not None and periods and held_back:
            yield container.pk, int(at_s[tick]), min(1.0, held_back / periods)


def sums_of(*, start_s: int, end_s: int) -> dict[Minute, float]:
    """The sum of the shares by container and minute."""
    sums: dict[Minute, float] = {}
    rows = ThrottledSample.objects.filter(at_s__gte=start_s, at_s__lt=end_s)
    for ref, at_s, share in rows.values_list("container_ref", "at_s", "share").iterator():
        key = (ref, minute_of(at_s))
        sums[key] = sums.get(key, 0.0) + share
    return sums


def share_of(sums: Mapping[Minute, float], key: Minute, *, samples: int) -> float:
    """The mean over a minute's samples, of which those that are not stored were free."""
    return min(1.0, sums.get(key, 0.0) / samples) if samples else 0.0


def drop_before(at_s: int) -> None:
    """Forget what was taken in."""
    ThrottledSample.objects.filter(at_s__lt=at_s).delete()
