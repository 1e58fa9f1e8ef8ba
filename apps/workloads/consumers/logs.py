"""`/ws/logs/…`: a log as it is written. The protocol is in docs/logs-and-console.md."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from typing import Any, cast

from channels.db import database_sync_to_async
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.nodes.ports.streams import LogLine
from apps.nodes.services.streams import logs_at
from apps.workloads import reach
from apps.workloads.consumers.line import (
    DONE,
    Check,
    Ended,
    Line,
    Receive,
    Scope,
    Send,
    until_one_ends,
)
from apps.workloads.reach import Place, Row
from apps.workloads.streams.buffer import LineBuffer
from apps.workloads.streams.slots import LOGS
from apps.workloads.streams.wishes import LogWish, log_wish

HEARTBEAT_S = 15.0
# Lines that come close together go out together.
PACE_S = 0.1
LINES_A_MESSAGE = 500
CHARACTERS_A_MESSAGE = 256 * 1024


class LogLineOut(Line):
    """Reads an engine's log into a buffer, and the buffer into the browser."""

    slots = LOGS

    async def carry(self, person: User, row: Row, said: dict[str, object]) -> None:
        """Until the log, the browser or the right ends."""
        wish = log_wish(said, now=timezone.now())
        place: Place = await database_sync_to_async(reach.log_place)(row)
        buffer = LineBuffer()
        reading = asyncio.create_task(_fill(place, wish, buffer))
        try:
            await self.say("ready")
            await until_one_ends(self._drain(buffer), self._listen(), self.review())
            await reading  # raises what ended it, where that was no plain end
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await reading
        raise Ended(DONE, _("The log ends here: what writes it does not run any more."))

    async def _drain(self, buffer: LineBuffer) -> None:
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    batch = await buffer.take(
                        most_lines=LINES_A_MESSAGE, most_characters=CHARACTERS_A_MESSAGE
                    )
            except TimeoutError:
                await self.say("heartbeat")
                continue
            if batch is None:
                return
            lines = [_on_the_wire(line) for line in batch.lines]
            await self.say("lines", lines=lines, left_out=batch.left_out)
            await asyncio.sleep(PACE_S)

    async def _listen(self) -> None:
        """There is nothing to say once it is open; a browser that leaves ends it."""
        while True:
            await self.hear()


async def _fill(place: Place, wish: LogWish, buffer: LineBuffer) -> None:
    port = logs_at(place.addresses, of_standalone=place.of_standalone)
    try:
        stream = cast("Any", port.read(place.source, wish.query))
        async with aclosing(stream):
            async for lines in stream:
                await buffer.put(wish.resumption.fresh(lines))
    finally:
        buffer.end()
        await port.close()


def _on_the_wire(line: LogLine) -> list[object]:
    return [line.stream, line.at, line.text, line.source, line.is_cut]


async def log_line(scope: Scope, receive: Receive, send: Send) -> None:
    """`/ws/logs/KIND/ID/`."""
    named = scope["url_route"]["kwargs"]
    await LogLineOut(scope, receive, send, _check(named["kind"], named["pk"])).run()


def _check(kind: str, pk: int) -> Check:
    return lambda person: reach.row_for(kind, pk, person, permission=reach.VIEW_LOGS)
