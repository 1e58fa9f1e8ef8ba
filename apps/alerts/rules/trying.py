"""A rule on the past: from what was stored to sights, and from sights to what would have fired. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from apps.alerts.rules.looking import Subject
from apps.alerts.rules.stepping import Bounds, Firing, Sight, firings

EVENT_STEP_S = 60


@dataclass(frozen=True, slots=True)
class Tried:
    """What a rule would have done, of how many objects; `reason` says why that cannot be told."""

    since_s: int
    until_s: int
    looked_at: int = 0
    chosen: int = 0
    fired: tuple[tuple[Subject, Firing], ...] = ()
    reason: str = ""

    @property
    def count(self) -> int:
        """How many times."""
        return len(self.fired)

    @property
    def total_s(self) -> float:
        """For how long in all."""
        return sum((one.cleared_s or self.until_s) - one.fired_s for _who, one in self.fired)

    @property
    def object_count(self) -> int:
        """On how many objects."""
        return len({subject.key for subject, _one in self.fired})


@dataclass(frozen=True, slots=True)
class Bucket:
    """Sum and count of one measure over a step."""

    total: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Steps of equal length, and in which of them the portal heard anything at all."""

    start_s: int
    end_s: int
    step_s: int
    heard: frozenset[int] = field(default_factory=frozenset)

    def moments(self) -> range:
        """The begin of each step."""
        first = self.start_s - self.start_s % self.step_s
        return range(first, self.end_s, self.step_s)


def mean_sights(buckets: Mapping[int, Bucket], grid: Grid, window_s: int) -> Iterator[Sight]:
    """The mean over the window at the end of each step."""
    reach = max(1, ceil(window_s / grid.step_s))
    for at in grid.moments():
        mean, count = _mean(buckets, at, reach, grid.step_s)
        yield Sight(at + grid.step_s, mean, count)


def growth_sights(buckets: Mapping[int, Bucket], grid: Grid, window_s: int) -> Iterator[Sight]:
    """The later half of the window less the earlier one, an hour."""
    reach = max(1, ceil(window_s / grid.step_s / 2))
    for at in grid.moments():
        late, count = _mean(buckets, at, reach, grid.step_s)
        early, other = _mean(buckets, at - reach * grid.step_s, reach, grid.step_s)
        is_known = late is not None and early is not None
        growth = ((late or 0) - (early or 0)) / (reach * grid.step_s) * 3600 if is_known else None
        yield Sight(at + grid.step_s, growth, min(count, other))


def silence_sights(buckets: Mapping[int, Bucket], grid: Grid) -> Iterator[Sight]:
    """How long there was nothing; steps in which nobody was heard are the portal's own pause."""
    last_s: int | None = None
    for at in grid.moments():
        end_s = at + grid.step_s
        if at in buckets:
            last_s = end_s
        is_known = last_s is not None and at in grid.heard
        yield Sight(end_s, end_s - last_s if is_known and last_s is not None else None)


def _mean(
    buckets: Mapping[int, Bucket], at: int, reach: int, step_s: int
) -> tuple[float | None, int]:
    found = [
        buckets[moment] for moment in range(at, at - reach * step_s, -step_s) if moment in buckets
    ]
    count = sum(one.count for one in found)
    return (sum(one.total for one in found) / count, count) if count else (None, 0)


def counted_sights(times: Sequence[int], *, window_s: int, end_s: int) -> Iterator[Sight]:
    """How many events lie within the window, each minute from the first event on."""
    ordered = sorted(times)
    for at in range(ordered[0], end_s + EVENT_STEP_S, EVENT_STEP_S) if ordered else ():
        count = bisect_right(ordered, at) - bisect_right(ordered, at - window_s)
        yield Sight(at, float(count), count + 1)


@dataclass(frozen=True, slots=True)
class Turn:
    """At this moment a state began or ended, with its number (tasks that lack, or 1)."""

    at_s: int
    value: float


def state_sights(turns: Sequence[Turn], *, end_s: int, is_age: bool = False) -> Iterator[Sight]:
    """The state's number each minute from its first turn on; `is_age`: for how long it has lasted."""
    ordered = sorted(turns, key=lambda turn: turn.at_s)
    moments = [turn.at_s for turn in ordered]
    for at in range(moments[0], end_s + EVENT_STEP_S, EVENT_STEP_S) if moments else ():
        turn = ordered[bisect_right(moments, at) - 1]
        value = float(at - turn.at_s) if is_age and turn.value else turn.value
        yield Sight(at, value)


def fired_of(
    sights: Mapping[Subject, Iterable[Sight]], bounds: Bounds
) -> tuple[tuple[Subject, Firing], ...]:
    """What would have fired, in the order of time."""
    found = [
        (subject, firing)
        for subject, series in sights.items()
        for firing in firings(series, bounds)
    ]
    return tuple(sorted(found, key=lambda pair: pair[1].fired_s))
