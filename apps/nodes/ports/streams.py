"""What stays open between the portal and an engine: a log that is read, and a console in a container."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from apps.nodes.ports.engine import EngineAddress
from dce_portal.errors import Conflict, PortalError, Unavailable

MOST_TAIL = 10_000
STDOUT, STDERR, ENGINE = "stdout", "stderr", "engine"


class LogsUnreadable(PortalError):
    """The logging driver keeps nothing that an engine could give back."""

    code = "logs_unreadable"
    status = 409


class NotLetThrough(Unavailable):
    """The agent's list of routes does not have this call."""


class NoConsole(Conflict):
    """The container has no console now: it does not run, is paused, or has no such program or person."""


class LogKind(StrEnum):
    """Whose log it is."""

    CONTAINER = "container"
    TASK = "task"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class LogSource:
    """One container, task or service, by Docker's own id."""

    kind: LogKind
    native_id: str


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which part of a log; moments are Docker's (RFC 3339 in UTC with nine decimals)."""

    tail: int = 500
    since: str = ""
    until: str = ""
    follow: bool = False


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line; `source` is the task that wrote it where several do, `engine` as a stream the engine's own word."""

    stream: str
    at: str
    text: str
    source: str = ""
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class ConsoleWish:
    """What is to be started; `environment` marks it, so that it can be found again and ended."""

    container_id: str
    command: Sequence[str]
    user: str = ""
    working_dir: str = ""
    columns: int = 80
    rows: int = 24
    environment: Mapping[str, str] = field(default_factory=dict)


class LogsPort(Protocol):
    """The logs behind some addresses, of which the first that answers is asked."""

    def read(self, source: LogSource, query: LogQuery) -> AsyncIterator[tuple[LogLine, ...]]:
        """The lines as they come, oldest first; it ends with the log, or with the container where it follows.

        NotFound, LogsUnreadable and NotLetThrough say why there is none. The reader's pace is the engine's.
        """
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class Console(Protocol):
    """One program in a container with a terminal of its own."""

    async def read(self) -> bytes:
        """What it prints, as it comes; nothing at its end."""
        ...

    async def write(self, data: bytes) -> None:
        """What is typed."""
        ...

    async def resize(self, *, columns: int, rows: int) -> None:
        """Tell it the terminal's size; an engine that does not take it is no error."""
        ...

    async def exit_code(self) -> int | None:
        """How it ended, after its output did; None where the engine cannot tell. NoConsole where it never began."""
        ...

    async def close(self) -> None:
        """End the line, and hang up on the program if it still runs."""
        ...


class ConsolePort(Protocol):
    """Consoles in the containers behind some addresses."""

    async def open(self, wish: ConsoleWish) -> Console:
        """Start the program; NotFound, NoConsole and NotLetThrough say why not."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


Addresses = Sequence[EngineAddress]
