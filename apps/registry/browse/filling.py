"""How soon the embedded registry's disk is full, by its trend over the last month: a source of alerts' outlooks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from statistics import median

from django.utils.translation import gettext as _

from apps.alerts.selectors.expected import Expected, Wish
from apps.registry.models import SizeDay

KIND, METRIC, REF = "registry", "disk_used_bytes", 1
TREND_DAYS = 30
LEAST_DAYS = 7
FRESH_DAYS = 2
HOURS_A_DAY = 24.0


def outlooks(wish: Wish) -> Iterator[Expected]:
    """One answer for the whole registry; none before a week of figures, or for a registry elsewhere."""
    if (wish.kind, wish.metric, wish.needs_time_to_full) != (KIND, METRIC, True):
        return
    today = wish.now.date()
    rows = SizeDay.objects.filter(
        namespace=None, disk_bytes__isnull=False, day__gt=today - timedelta(days=TREND_DAYS)
    ).order_by("day")
    days = [(row.day.toordinal(), row.disk_bytes or 0, row.free_bytes or 0) for row in rows]
    if len(days) < LEAST_DAYS or today.toordinal() - days[-1][0] > FRESH_DAYS:
        return
    hours = hours_to_full([day[:2] for day in days], free_bytes=days[-1][2])
    yield Expected(kind=KIND, ref=REF, label=_("Registry storage"), hours_to_full=hours)


def hours_to_full(days: Sequence[tuple[int, int]], *, free_bytes: int) -> float | None:
    """By the median of the slopes between all days, which one clean-up does not turn; None where it does not grow."""
    slopes = [
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for number, earlier in enumerate(days)
        for later in days[number + 1 :]
    ]
    growth = median(slopes) if slopes else 0.0
    return HOURS_A_DAY * free_bytes / growth if growth > 0 else None
