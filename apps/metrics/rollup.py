"""Samples → one summary a minute. Pure.

A summary keeps count, sum, least and greatest of each measure, so that any longer time
is summed up exactly from shorter ones: an average of averages never happens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class Summary:
    """What is known of one measure over a stretch of time."""

    count: int
    sum: float
    min: float
    max: float

    def __add__(self, other: Summary) -> Summary:
        """Both stretches as one."""
        return Summary(
            self.count + other.count,
            self.sum + other.sum,
            min(self.min, other.min),
            max(self.max, other.max),
        )

    @property
    def mean(self) -> float:
        """The average of the samples themselves."""
        return self.sum / self.count


@dataclass(frozen=True, slots=True)
class Point:
    """One raw sample: whose, when (seconds since 1970), and its known measures."""

    object_id: int
    at_s: int
    values: Mapping[str, float | None]


Minute = tuple[int, int]
Minutes = dict[Minute, dict[str, Summary]]


def minute_of(at_s: int) -> int:
    """The first second of the minute."""
    return at_s - at_s % MINUTE_S


def roll_up(points: Iterable[Point]) -> Minutes:
    """Sum up by object and minute; a sample that comes twice counts once, in whatever order."""
    distinct = {(point.object_id, point.at_s): point for point in points}
    minutes: Minutes = {}
    for key in sorted(distinct):
        point = distinct[key]
        _add(minutes.setdefault((point.object_id, minute_of(point.at_s)), {}), point.values)
    return minutes


def _add(summaries: dict[str, Summary], values: Mapping[str, float | None]) -> None:
    for name, value in values.items():
        if value is None:
            continue
        one = Summary(1, value, value, value)
        summaries[name] = summaries[name] + one if name in summaries else one
