"""A part of a log as text, bounded in lines, bytes and time: for scripts and for saving."""

from __future__ import annotations

import asyncio
import re
from contextlib import aclosing
from typing import Any, cast

from django.utils.translation import gettext as _

from apps.nodes.ports.streams import LogLine, LogQuery, LogsPort
from apps.nodes.services.streams import logs_at
from apps.workloads.reach import Place
from apps.workloads.streams.buffer import Batch, LineBuffer
from dce_portal.errors import Unavailable

MOST_CHARACTERS = 8 * 1024 * 1024
MOST_S = 20.0
# Colours, titles and all else that a terminal obeys: in a file they are noise, in a terminal somebody else's orders.
_CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)


def read_batch(place: Place, query: LogQuery) -> Batch:
    """The lines, the newest where they are too many; Unavailable where none came in time."""
    return asyncio.run(_read(place, query))


async def _read(place: Place, query: LogQuery) -> Batch:
    port = logs_at(place.addresses, of_standalone=place.of_standalone)
    most_lines = query.tail or 1
    buffer = LineBuffer(most_lines=most_lines, most_characters=MOST_CHARACTERS)
    try:
        async with asyncio.timeout(MOST_S):
            await _fill(port, place, query, buffer)
    except TimeoutError:
        if not buffer:
            sentence = _("The log did not come within %(seconds)s s. Ask for fewer lines.")
            raise Unavailable(sentence % {"seconds": int(MOST_S)}) from None
    finally:
        await port.close()
    buffer.end()
    found = await buffer.take(most_lines=most_lines, most_characters=MOST_CHARACTERS + 1)
    return found or Batch(())


async def _fill(port: LogsPort, place: Place, query: LogQuery, buffer: LineBuffer) -> None:
    stream = cast("Any", port.read(place.source, query))
    async with aclosing(stream):
        async for lines in stream:
            buffer.add(lines)


def text_of(batch: Batch, *, with_times: bool, stream: str = "") -> str:
    """Line by line, without anything that a terminal would obey."""
    lines = [_line(line, with_times=with_times) for line in batch.lines if _is_wanted(line, stream)]
    if batch.left_out:
        sentence = _(
            "… %(count)s lines before these were left out: the log is larger than one answer …"
        )
        lines.insert(0, sentence % {"count": batch.left_out})
    return "".join(f"{line}\n" for line in lines)


def plain(text: str) -> str:
    """Without control sequences; tabs stay."""
    return _CONTROL.sub("", text)


def _is_wanted(line: LogLine, stream: str) -> bool:
    return not stream or line.stream == stream


def _line(line: LogLine, *, with_times: bool) -> str:
    parts = [line.at] if with_times and line.at else []
    parts += [line.source[:12]] if line.source else []
    end = " " + _("[the line goes on]") if line.is_cut else ""
    return " ".join([*parts, plain(line.text) + end])
