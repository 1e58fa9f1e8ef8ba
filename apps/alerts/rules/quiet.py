"""Quiet hours: when they begin and end, in the wall-clock time of their zone.

A clock that jumps forward over a moment puts that moment at the end of the jump; one that is turned back
begins quiet hours at the first of two equal moments and ends them at the second, so that nobody is woken
between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from apps.alerts.rules.severities import at_least

DAY = timedelta(days=1)
LONGEST_LOOK = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One that comes again: it begins on these days (0 is Monday); an end not after its begin is tomorrow's."""

    days: frozenset[int]
    begins: time
    ends: time
    zone: str

    def on(self, day: date) -> Interval | None:
        """When it lasts, begun on this day; None where it does not begin, or a jump of the clock swallows it."""
        if day.weekday() not in self.days:
            return None
        last = day + DAY if self.ends <= self.begins else day
        begin = moment(day, self.begins, self.zone, last=False)
        end = moment(last, self.ends, self.zone, last=True)
        return Interval(begin, end) if begin < end else None

    def near(self, at: datetime) -> Iterator[Interval]:
        """Those that may hold a moment: begun the day before, that day or, for zones far off, the next."""
        today = at.astimezone(_zone(self.zone)).date()
        for day in (today - DAY, today, today + DAY):
            if found := self.on(day):
                yield found


@dataclass(frozen=True, slots=True)
class Interval:
    """From a moment on, up to another; also quiet hours that come once."""

    begin: datetime
    end: datetime

    def holds(self, at: datetime) -> bool:
        """Whether the moment lies inside; the end does not."""
        return self.begin <= at < self.end

    def near(self, at: datetime) -> Iterator[Interval]:
        """Itself."""
        yield self


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Windows and the least severity that breaks through (None: nothing does)."""

    windows: tuple[Window | Interval, ...]
    breaks_through: str | None = "critical"

    def lets_through(self, severity: str) -> bool:
        """Whether an alert of this severity is told all the same."""
        return self.breaks_through is not None and at_least(severity, self.breaks_through)


def quiet_until(quiets: Iterable[Quiet], *, severity: str, at: datetime) -> datetime | None:
    """When the quiet that holds an alert back ends; None while it is told. Windows that adjoin count as one."""
    windows = [
        window for quiet in quiets if not quiet.lets_through(severity) for window in quiet.windows
    ]
    end = at
    while (later := _end_of(windows, end)) is not None and later - at < LONGEST_LOOK:
        end = later
    return end if end > at else None


def _end_of(windows: list[Window | Interval], at: datetime) -> datetime | None:
    ends = [found.end for window in windows for found in window.near(at) if found.holds(at)]
    return max(ends, default=None)


def moment(day: date, wall: time, zone: str, *, last: bool) -> datetime:
    """The instant at which clocks of the zone show this; of two the first, or the `last`."""
    shown = datetime.combine(day, wall, _zone(zone)).replace(fold=int(last))
    instant = shown.astimezone(UTC)
    if _shows(instant, shown):
        return instant
    return _end_of_jump(shown)


def _shows(instant: datetime, shown: datetime) -> bool:
    return instant.astimezone(shown.tzinfo).replace(tzinfo=None) == shown.replace(tzinfo=None)


def _end_of_jump(shown: datetime) -> datetime:
    """The first instant after the clocks jumped over a moment, by halving between an instant before and one after."""
    before = shown.replace(fold=1).astimezone(UTC)
    after = shown.replace(fold=0).astimezone(UTC)
    offset = _offset(after, shown)
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if _offset(middle, shown) == offset:
            after = middle
        else:
            before = middle
    return after.replace(microsecond=0)


def _offset(instant: datetime, shown: datetime) -> timedelta | None:
    return instant.astimezone(shown.tzinfo).utcoffset()


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
