"""Cuts an engine's log into lines: frames of eight bytes and a payload, or the plain output of a terminal. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote_plus

from django.utils.translation import gettext as _

from apps.nodes.ports.streams import ENGINE, STDERR, STDOUT, LogLine
from dce_portal.errors import Unavailable

HEADER_BYTES = 8
# Docker writes a longer line in pieces of 16 KiB; what a browser shows of one ends here.
LONGEST_LINE_BYTES = 64 * 1024
STREAMS = {0: STDOUT, 1: STDOUT, 2: STDERR, 3: ENGINE}
TASK_LABEL = "com.docker.swarm.task.id"
_MOMENT = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z ?")
_DETAILS = re.compile(rb"((?:[^\s,=]+=[^\s,]*)(?:,[^\s,=]+=[^\s,]*)*|) ")


@dataclass(frozen=True, slots=True)
class Piece:
    """What one stream wrote at once; the beginning of it where it was longer than any line may be."""

    stream: str
    data: bytes
    is_cut: bool = False


class Pieces(Protocol):
    """Makes pieces of chunks that end anywhere."""

    def feed(self, chunk: bytes) -> Iterator[Piece]:
        """The pieces that this chunk completes."""
        ...

    def end(self) -> Iterator[Piece]:
        """What is left when nothing more comes."""
        ...


class Multiplexed:
    """Frames: the stream's number, three zeros, the payload's length; each payload is one message of the log."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._head = bytearray()
        self._payload = bytearray()
        self._missing = 0
        self._is_cut = False

    def feed(self, chunk: bytes) -> Iterator[Piece]:
        """Whole messages; of one that is too long its beginning."""
        view, place = memoryview(chunk), 0
        while place < len(view):
            if len(self._head) < HEADER_BYTES:
                wanted = HEADER_BYTES - len(self._head)
                self._head += view[place : place + wanted]
                place += wanted
                if len(self._head) == HEADER_BYTES:
                    self._begin()
            else:
                part = view[place : place + self._missing]
                place += len(part)
                self._take(part)
            if len(self._head) == HEADER_BYTES and not self._missing:
                yield self._whole()

    def end(self) -> Iterator[Piece]:
        """A message that broke off."""
        if self._payload:
            yield self._whole()

    def _begin(self) -> None:
        if self._head[0] not in STREAMS or any(self._head[1:4]):
            raise Unavailable(
                _("The engine's log cannot be read: it is not in the form that engines use.")
            )
        self._missing = int.from_bytes(self._head[4:], "big")

    def _take(self, part: memoryview) -> None:
        room = LONGEST_LINE_BYTES - len(self._payload)
        self._payload += part[:room]
        self._is_cut = self._is_cut or len(part) > room
        self._missing -= len(part)

    def _whole(self) -> Piece:
        piece = Piece(STREAMS[self._head[0]], bytes(self._payload), self._is_cut)
        self._head, self._payload = bytearray(), bytearray()
        self._missing, self._is_cut = 0, False
        return piece


class Plain:
    """A terminal's output: one stream, and lines are its only bounds."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._rest = bytearray()
        self._is_cut = False

    def feed(self, chunk: bytes) -> Iterator[Piece]:
        """Each line that ends in this chunk."""
        *whole, last = chunk.split(b"\n")
        for part in whole:
            self._take(part)
            yield self._piece(b"\n")
        self._take(last)

    def end(self) -> Iterator[Piece]:
        """A last line without an end."""
        if self._rest:
            yield self._piece(b"")

    def _take(self, part: bytes) -> None:
        room = LONGEST_LINE_BYTES - len(self._rest)
        self._rest += part[:room]
        self._is_cut = self._is_cut or len(part) > room

    def _piece(self, end: bytes) -> Piece:
        piece = Piece(STDOUT, bytes(self._rest) + end, self._is_cut)
        self._rest, self._is_cut = bytearray(), False
        return piece


@dataclass(slots=True)
class _Begun:
    """A line whose end has not come yet."""

    at: str
    source: str
    data: bytearray
    is_cut: bool = False


class Lines:
    """Joins pieces to lines, and reads the moment and the task that the engine puts before each."""

    def __init__(self, *, has_details: bool = False) -> None:
        """`has_details`: asked for with `details`, as the logs of services are."""
        self._has_details = has_details
        self._begun: dict[str, _Begun] = {}

    def feed(self, piece: Piece) -> Iterator[LogLine]:
        """The lines that this piece completes."""
        at, source, data = self._read(piece.data)
        parts = data.split(b"\n")
        for number, part in enumerate(parts):
            is_last = number == len(parts) - 1
            if part or not is_last:
                self._add(piece, at, source, part, is_cut=piece.is_cut)
            if not is_last or piece.is_cut:
                yield from self._finish(piece.stream)

    def end(self) -> Iterator[LogLine]:
        """Lines without an end."""
        for stream in list(self._begun):
            yield from self._finish(stream)

    def _read(self, data: bytes) -> tuple[str, str, bytes]:
        found = _MOMENT.match(data)
        if found is None:
            return "", "", data
        at = f"{found[1].decode()}.{(found[2] or b'').decode():0<9}Z"
        rest = data[found.end() :]
        details = _DETAILS.match(rest) if self._has_details else None
        if details is None:
            return at, "", rest
        return at, _task_of(details[1].decode("ascii", "replace")), rest[details.end() :]

    def _add(self, piece: Piece, at: str, source: str, part: bytes, *, is_cut: bool) -> None:
        line = self._begun.get(piece.stream)
        if line is None:
            line = self._begun[piece.stream] = _Begun(at, source, bytearray())
        room = LONGEST_LINE_BYTES - len(line.data)
        line.data += part[:room]
        line.is_cut = line.is_cut or is_cut or len(part) > room

    def _finish(self, stream: str) -> Iterator[LogLine]:
        line = self._begun.pop(stream, None)
        if line is not None:
            text = bytes(line.data).removesuffix(b"\r").decode("utf-8", "replace")
            yield LogLine(stream, line.at, text.replace("\0", "\ufffd"), line.source, line.is_cut)


def _task_of(details: str) -> str:
    pairs = (pair.partition("=")[::2] for pair in details.split(","))
    named = {unquote_plus(name): unquote_plus(value) for name, value in pairs}
    return named.get(TASK_LABEL, "")[:128]
