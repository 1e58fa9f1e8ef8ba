"""A week as a picture: for each day, which parts of it are quiet. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from apps.alerts.rules.quiet import Interval, Quiet, Window

DAYS = 7


@dataclass(frozen=True, slots=True)
class Stripe:
    """A part of a day in percent of it, as its clock shows it."""

    start: float
    width: float
    name: str


@dataclass(frozen=True, slots=True)
class Day:
    """One line of the picture."""

    date: date
    stripes: tuple[Stripe, ...]


def week_of(named: Sequence[tuple[str, Quiet]], *, now: datetime, zone: tzinfo) -> list[Day]:
    """The week that holds the moment, from Monday on, in the clock of the zone."""
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    return [
        Day(day, tuple(_stripes(named, day, zone)))
        for day in (monday + timedelta(days=index) for index in range(DAYS))
    ]


def share_of_day(at: datetime) -> float:
    """How much of its day has passed by the clock, in percent."""
    return round((at.hour * 3600 + at.minute * 60 + at.second) / 864, 2)


def _stripes(named: Sequence[tuple[str, Quiet]], day: date, zone: tzinfo) -> Iterator[Stripe]:
    begin = datetime.combine(day, time.min, zone)
    end = datetime.combine(day + timedelta(days=1), time.min, zone)
    # Instants are compared in UTC: within one zone Python compares what clocks show.
    first, last = begin.astimezone(UTC), end.astimezone(UTC)
    for name, quiet in named:
        for found in sorted(_intervals(quiet, day), key=lambda one: one.begin):
            since, until = max(found.begin, first), min(found.end, last)
            if since < until:
                start = share_of_day(since.astimezone(zone))
                stop = 100.0 if until == last else share_of_day(until.astimezone(zone))
                yield Stripe(start, round(max(stop - start, 0.5), 2), name)


def _intervals(quiet: Quiet, day: date) -> set[Interval]:
    """Those that may touch the day, whatever their zone."""
    found: set[Interval] = set()
    for window in quiet.windows:
        if isinstance(window, Window):
            days = (day + timedelta(days=offset) for offset in range(-2, 3))
            found |= {one for one in map(window.on, days) if one is not None}
        else:
            found.add(window)
    return found
