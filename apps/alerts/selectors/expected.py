"""What the kept outlooks expect: of a metric within a horizon, and when something is full."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.metrics.models import Outlook, TimeToFull
from apps.metrics.outlooks.packing import unpack

# An outlook is made each hour; one that was made longer ago says nothing of now.
FRESH = timedelta(hours=6)
FULL_PERCENT = 100
DAY_H, WEEK_H = 24, 168
MOST_READ = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What is expected of one object's metric: the highest and the lowest within the horizon, and when it is full."""

    kind: str
    ref: int
    label: str = ""
    """The name of what has no usage of its own here, such as the registry's storage."""
    highest: float | None = None
    lowest: float | None = None
    hours_to_full: float | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """Which outlooks a rule needs."""

    kind: str
    metric: str
    horizon_s: int
    now: datetime
    needs_time_to_full: bool


def kept_outlooks(wish: Wish) -> Iterator[Expected]:
    """One query; of an object without an outlook, or with one that has no skill, nothing is said."""
    return _times_to_full(wish) if wish.needs_time_to_full else _highest_and_lowest(wish)


def _times_to_full(wish: Wish) -> Iterator[Expected]:
    rows = TimeToFull.objects.filter(
        object__kind=wish.kind,
        measure=wish.metric,
        threshold=FULL_PERCENT,
        issued_at__gte=wish.now - FRESH,
    )
    for ref, at in rows.order_by("expected_at").values_list("object__ref", "expected_at")[
        :MOST_READ
    ]:
        hours = max(0.0, (at - wish.now).total_seconds() / 3600)
        yield Expected(kind=wish.kind, ref=ref, hours_to_full=hours)


def _highest_and_lowest(wish: Wish) -> Iterator[Expected]:
    """The newest of each object, as far ahead as the rule looks."""
    horizon_h = DAY_H if wish.horizon_s <= DAY_H * 3600 else WEEK_H
    rows = Outlook.objects.filter(
        object__kind=wish.kind,
        measure=wish.metric,
        horizon_h=horizon_h,
        is_proven=True,
        issued_at__gte=wish.now - FRESH,
    )
    newest = {
        row.object_id: row
        for row in rows.select_related("object").order_by("start_s", "pk")[: MOST_READ * 6]
    }
    for row in newest.values():
        yield _expected(row, wish)


def _expected(row: Outlook, wish: Wish) -> Expected:
    now_s = wish.now.timestamp()
    curve = unpack(bytes(row.packed))
    ahead = [
        float(value)
        for index, value in enumerate(curve.point)
        if now_s <= row.start_s + (index + 1) * row.step_s <= now_s + wish.horizon_s + row.step_s
    ]
    return Expected(
        kind=wish.kind,
        ref=row.object.ref,
        highest=max(ahead, default=None),
        lowest=min(ahead, default=None),
    )
