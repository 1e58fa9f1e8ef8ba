"""Going on where a browser was: what it has already is left out, line by line. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apps.nodes.ports.streams import MOST_TAIL, LogLine, LogQuery

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")
MOST_SOURCES = 200
# Output and errors come through two pipes, so that the one's moments may be a little behind the other's.
PIPES_APART = timedelta(seconds=1)
# Tasks write by the clocks of their nodes, so what is new may bear an older moment than what is known.
CLOCKS_APART = timedelta(seconds=60)


# A line's stream and the task that wrote it: within these, moments only grow.
Origin = tuple[str, str]


@dataclass(slots=True)
class Mark:
    """The moment of the last line that a browser has of an origin, and how many lines it has of that moment."""

    at: str
    count: int


class Resumption:
    """Lets pass what the browser does not have."""

    def __init__(self, marks: dict[Origin, Mark]) -> None:
        """Take the last line of each origin."""
        self._marks = marks

    def __bool__(self) -> bool:
        """Whether there is anything that the browser has."""
        return bool(self._marks)

    def query(self, query: LogQuery) -> LogQuery:
        """What to ask for, so that nothing of the time in between is missed."""
        if not self._marks:
            return query
        newest = max(mark.at for mark in self._marks.values())
        has_tasks = any(source for _stream, source in self._marks)
        since = earlier(newest, CLOCKS_APART if has_tasks else PIPES_APART)
        return LogQuery(tail=MOST_TAIL, since=since, until=query.until, follow=query.follow)

    def fresh(self, lines: Iterable[LogLine]) -> tuple[LogLine, ...]:
        """The lines that are new."""
        return tuple(line for line in lines if self._is_new(line))

    def _is_new(self, line: LogLine) -> bool:
        mark = self._marks.get((line.stream, line.source))
        if mark is None or not line.at or line.at > mark.at:
            return True
        if line.at == mark.at and mark.count > 0:
            mark.count -= 1
            return False
        return line.at == mark.at


def resumption_of(value: object) -> Resumption:
    """From `[[stream, source, at, count], …]` as a browser sends it; ValueError where it cannot be that."""
    if not isinstance(value, list) or len(value) > MOST_SOURCES:
        raise ValueError("resume")
    return Resumption(dict(_mark(entry) for entry in value))


def _mark(entry: object) -> tuple[Origin, Mark]:
    match entry:
        case [str(stream), str(source), str(at), int(count)] if MOMENT.fullmatch(at):
            if 0 < count <= MOST_TAIL:
                return (stream, source), Mark(at, count)
    raise ValueError("resume")


def earlier(at: str, by: timedelta) -> str:
    """A moment before another, in the same form."""
    moment = datetime.fromisoformat(at[:19]).replace(tzinfo=UTC) - by
    return f"{moment:%Y-%m-%dT%H:%M:%S}{at[19:]}"
