"""`/ws/exec/ID/`: a program in a container, its terminal in the browser; docs/logs-and-console.md has the protocol."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from channels.db import database_sync_to_async
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.nodes.ports.streams import Console, ConsolePort, ConsoleWish
from apps.nodes.services.streams import consoles_at
from apps.workloads import reach
from apps.workloads.consumers.line import (
    CANNOT,
    DONE,
    LARGEST_MESSAGE,
    MOST_BEHIND_S,
    Ended,
    Line,
    Receive,
    Scope,
    Send,
    read_json,
    until_one_ends,
)
from apps.workloads.models import Container
from apps.workloads.reach import Place, Row
from apps.workloads.streams.records import ConsoleRecord, note_refusal
from apps.workloads.streams.slots import CONSOLES
from apps.workloads.streams.wishes import ShellWish, cells_of, shell_wish
from dce_portal.errors import PermissionDenied, PortalError


class ConsoleLine(Line):
    """Carries one console; its end is the program's, whichever comes first."""

    slots = CONSOLES

    async def admitted(self) -> tuple[User, Row]:
        """As elsewhere, with the refused ones in the audit."""
        try:
            return await super().admitted()
        except PermissionDenied as error:
            await database_sync_to_async(self._note_refusal)(error.message)
            raise

    async def carry(self, person: User, row: Row, said: dict[str, object]) -> None:
        """Open it, carry it, note both ends."""
        assert isinstance(row, Container)  # noqa: S101 - the check finds containers only
        wish = shell_wish(said)
        record = ConsoleRecord(row, wish, self.origin(person))
        try:
            place: Place = await database_sync_to_async(reach.console_place)(row)
            port = consoles_at(place.addresses, of_standalone=place.of_standalone)
        except PortalError as error:
            await database_sync_to_async(record.failed)(error.message)
            raise
        try:
            console = await self._opened(port, place, wish, record)
            await self._carry(console, record)
        finally:
            await port.close()

    async def _opened(
        self, port: ConsolePort, place: Place, wish: ShellWish, record: ConsoleRecord
    ) -> Console:
        asked = ConsoleWish(
            container_id=place.source.native_id,
            command=wish.command,
            user=wish.user,
            working_dir=wish.working_dir,
            columns=wish.columns,
            rows=wish.rows,
        )
        try:
            console = await port.open(asked)
        except PortalError as error:
            await database_sync_to_async(record.failed)(error.message)
            raise
        await database_sync_to_async(record.opened)()
        return console

    async def _carry(self, console: Console, record: ConsoleRecord) -> None:
        began_s, exit_code, why = time.monotonic(), None, "the browser left"
        try:
            await self.say("ready")
            await until_one_ends(self._show(console), self._type(console), self.review())
            exit_code, why = await console.exit_code(), "the program ended"
        except (Ended, PortalError) as end:
            why = str(end) or why
            raise
        finally:
            await asyncio.shield(self._finish(console, record, (began_s, exit_code, why)))
        raise Ended(DONE, _ended(exit_code), exit_code=exit_code)

    async def _finish(
        self, console: Console, record: ConsoleRecord, how: tuple[float, int | None, str]
    ) -> None:
        began_s, exit_code, why = how
        await console.close()
        seconds = time.monotonic() - began_s
        await database_sync_to_async(record.closed)(seconds=seconds, exit_code=exit_code, why=why)

    async def _show(self, console: Console) -> None:
        """At the browser's pace: a terminal of which something is left out shows nonsense."""
        while data := await console.read():
            await self.send(type="websocket.send", bytes=data)

    async def _type(self, console: Console) -> None:
        while True:
            message = await self.hear()
            if (typed := message.get("bytes")) is not None:
                await _write(console, typed)
            elif (said := read_json(message.get("text"))) and said.get("type") == "resize":
                columns, rows = cells_of(said.get("columns")), cells_of(said.get("rows"))
                await console.resize(columns=columns, rows=rows)

    def _note_refusal(self, why: str) -> None:
        person: Any = self.scope["user"]
        pk = self.scope["url_route"]["kwargs"]["pk"]
        note_refusal(container_pk=pk, origin=self.origin(person), why=why)


async def _write(console: Console, typed: bytes) -> None:
    """A program that reads nothing must not keep the line from noticing that the browser has left."""
    if len(typed) > LARGEST_MESSAGE:
        raise Ended(CANNOT, _("That is too much to be typed at once. Nothing of it was sent."))
    try:
        async with asyncio.timeout(MOST_BEHIND_S):
            await console.write(typed)
    except TimeoutError:
        sentence = _("The program has taken no input for half a minute, so this console was ended.")
        raise Ended(CANNOT, sentence) from None


def _ended(exit_code: int | None) -> str:
    if exit_code is None:
        return _("The program has ended.")
    return _("The program has ended with the exit code %(code)s.") % {"code": exit_code}


async def console_line(scope: Scope, receive: Receive, send: Send) -> None:
    """`/ws/exec/CONTAINER_ID/`."""
    pk = scope["url_route"]["kwargs"]["pk"]

    def check(person: User) -> Row:
        return reach.row_for("container", pk, person, permission=reach.OPEN_CONSOLE)

    await ConsoleLine(scope, receive, send, check).run()
