"""Logs and consoles in memory, for tests of what stands above them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from apps.nodes.ports.streams import (
    STDOUT,
    ConsoleWish,
    LogLine,
    LogQuery,
    LogSource,
    LogsUnreadable,
    NoConsole,
)
from dce_portal.errors import NotFound, PortalError

SECOND = "2026-01-01T00:00:{:02d}.000000000Z"


@dataclass
class FakeProgram:
    """One container, task or service: what it wrote, and what a console in it finds."""

    lines: list[LogLine] = field(default_factory=list)
    state: str = "running"
    driver_reads: bool = True
    shells: tuple[str, ...] = ("sh", "/bin/sh")
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def write(self, *texts: str, stream: str = STDOUT) -> None:
        """Add lines, a second apart."""
        for text in texts:
            self.lines.append(LogLine(stream, SECOND.format(len(self.lines)), text))
        self.news.set()

    def stop(self) -> None:
        """End it, and with it what follows its log."""
        self.state = "exited"
        self.news.set()


@dataclass
class FakeStreams:
    """Every program by its id, and what was opened."""

    programs: dict[str, FakeProgram] = field(default_factory=dict)
    consoles: list[FakeConsole] = field(default_factory=list)
    readers: int = 0
    error: PortalError | None = None

    def find(self, native_id: str) -> FakeProgram:
        """The program, or the error that tests set."""
        if self.error is not None:
            raise self.error
        if native_id not in self.programs:
            raise NotFound("The engine does not know it.")
        return self.programs[native_id]


class FakeLogs:
    """The LogsPort in memory."""

    def __init__(self, world: FakeStreams) -> None:
        """Take what there is."""
        self._world = world

    async def read(self, source: LogSource, query: LogQuery) -> AsyncIterator[tuple[LogLine, ...]]:
        """What was written, then what comes while it runs."""
        program = self._world.find(source.native_id)
        if not program.driver_reads:
            raise LogsUnreadable("The engine cannot give this log back.")
        self._world.readers += 1
        try:
            place = len(program.lines)
            if found := _chosen(program.lines, query):
                yield found
            while query.follow and program.state == "running":
                program.news.clear()
                if place == len(program.lines):
                    await program.news.wait()
                if fresh := tuple(program.lines[place:]):
                    yield fresh
                place += len(fresh)
        finally:
            self._world.readers -= 1

    async def close(self) -> None:
        """Nothing is open."""


class FakeConsoles:
    """The ConsolePort in memory."""

    def __init__(self, world: FakeStreams) -> None:
        """Take what there is."""
        self._world = world

    async def open(self, wish: ConsoleWish) -> FakeConsole:
        """A shell that knows echo and exit."""
        program = self._world.find(wish.container_id)
        if program.state != "running":
            raise NoConsole(f"The container is {program.state}.")
        console = FakeConsole(wish, has_shell=wish.command[0] in program.shells)
        self._world.consoles.append(console)
        return console

    async def close(self) -> None:
        """Nothing is open."""


class FakeConsole:
    """The Console in memory; a terminal echoes what is typed."""

    def __init__(self, wish: ConsoleWish, *, has_shell: bool) -> None:
        """Begin with a prompt, or end at once where there is no such program."""
        self.wish, self.has_shell = wish, has_shell
        self.size = (wish.columns, wish.rows)
        self.is_closed = False
        self._code: int | None = None if has_shell else 127
        self._typed = b""
        self._output: asyncio.Queue[bytes] = asyncio.Queue()
        self._output.put_nowait(b"$ " if has_shell else b"")

    async def read(self) -> bytes:
        """What it prints."""
        return await self._output.get()

    async def write(self, data: bytes) -> None:
        """Type."""
        self._output.put_nowait(data)
        self._typed += data
        while b"\n" in self._typed.replace(b"\r", b"\n"):
            line, _end, self._typed = self._typed.replace(b"\r", b"\n").partition(b"\n")
            self._run(line.decode())

    async def resize(self, *, columns: int, rows: int) -> None:
        """Remember."""
        self.size = (columns, rows)

    async def exit_code(self) -> int | None:
        """How it ended."""
        if not self.has_shell:
            raise NoConsole(f"There is no “{self.wish.command[0]}” in the container.")
        return self._code

    async def close(self) -> None:
        """Hang up."""
        self.is_closed = True

    def _run(self, line: str) -> None:
        word, _blank, rest = line.partition(" ")
        if word == "exit":
            self._code = int(rest or 0)
            self._output.put_nowait(b"")
        elif word == "echo":
            self._output.put_nowait(f"\r\n{rest}\r\n$ ".encode())


def _chosen(lines: list[LogLine], query: LogQuery) -> tuple[LogLine, ...]:
    found = [
        line
        for line in lines
        if line.at >= query.since and (not query.until or line.at <= query.until)
    ]
    return tuple(found[-query.tail :] if query.tail else ())
