"""Lines on their way to a browser: held back for a moment, and left out by number rather than kept without end."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from apps.nodes.ports.streams import LogLine

MOST_LINES = 5_000
MOST_CHARACTERS = 2 * 1024 * 1024
# So long the engine waits for a browser that is slow, before lines are left out.
PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True)
class Batch:
    """What goes into one message; `left_out` lines came before these and are lost to this browser."""

    lines: tuple[LogLine, ...]
    left_out: int = 0


class LineBuffer:
    """Between one reader of an engine and one browser, in one event loop."""

    def __init__(
        self,
        *,
        most_lines: int = MOST_LINES,
        most_characters: int = MOST_CHARACTERS,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Begin empty."""
        self._most_lines, self._most_characters = most_lines, most_characters
        self._patience_s = patience_s
        self._lines: deque[LogLine] = deque()
        self._characters = 0
        self._left_out = 0
        self._news, self._room = asyncio.Event(), asyncio.Event()
        self.has_ended = False

    def __bool__(self) -> bool:
        """Whether anything is in it."""
        return bool(self._lines)

    async def put(self, lines: Iterable[LogLine]) -> None:
        """Add lines; a full buffer holds the reader back first, then loses its oldest."""
        if self._is_full():
            await self._wait_for_room()
        self.add(lines)

    def add(self, lines: Iterable[LogLine]) -> None:
        """The same without waiting."""
        for line in lines:
            self._lines.append(line)
            self._characters += len(line.text)
        while self._is_over():
            self._characters -= len(self._lines.popleft().text)
            self._left_out += 1
        self._news.set()

    def end(self) -> None:
        """Nothing more comes."""
        self.has_ended = True
        self._news.set()

    async def take(self, *, most_lines: int, most_characters: int) -> Batch | None:
        """The next lines, once there are some; None when all are taken and nothing more comes."""
        while not self._lines and not self._left_out:
            if self.has_ended:
                return None
            self._news.clear()
            await self._news.wait()
        return self._taken(most_lines, most_characters)

    def _taken(self, most_lines: int, most_characters: int) -> Batch:
        lines: list[LogLine] = []
        room = most_characters
        while self._lines and len(lines) < most_lines and (room > 0 or not lines):
            line = self._lines.popleft()
            lines.append(line)
            room -= len(line.text)
            self._characters -= len(line.text)
        left_out, self._left_out = self._left_out, 0
        self._room.set()
        return Batch(tuple(lines), left_out)

    async def _wait_for_room(self) -> None:
        try:
            async with asyncio.timeout(self._patience_s):
                while self._is_full():
                    self._room.clear()
                    await self._room.wait()
        except TimeoutError:
            pass

    def _is_full(self) -> bool:
        return len(self._lines) >= self._most_lines or self._characters >= self._most_characters

    def _is_over(self) -> bool:
        too_long = self._characters > self._most_characters and len(self._lines) > 1
        return len(self._lines) > self._most_lines or too_long
