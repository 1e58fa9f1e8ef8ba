"""What both kinds of line share: who may, and for how long; the first message; how it ends, with a sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, cast

import orjson
import structlog
from channels.db import database_sync_to_async
from django.conf import settings
from django.db import Error as DatabaseFailed
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.signed_in import people_of
from apps.workloads.reach import Row
from apps.workloads.streams.slots import Slots, TooMany
from dce_portal.direct_send import direct_send
from dce_portal.errors import NotFound, PermissionDenied, PortalError, Unavailable
from dce_portal.live_rights import NOT_SIGNED_IN
from dce_portal.origin import Origin

log = structlog.get_logger(__name__)

DONE, NOT_YOURS, GONE, SLOW, CANNOT, TOO_MANY, SILENT = 1000, 4403, 4404, 4408, 4409, 4429, 4503
RECHECK_S = 20.0
# With a database that does not answer, nobody goes on for longer than this on old rights.
UNCHECKED_S = 300.0
FIRST_MESSAGE_S = 15.0
MOST_BEHIND_S = 30.0
LARGEST_MESSAGE = 64 * 1024

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Ended(Exception):
    """The line is over: the closing code, the sentence, and what the page is told beside it."""

    def __init__(self, code: int, sentence: str = "", **more: object) -> None:
        """Keep them."""
        super().__init__(sentence)
        self.code, self.sentence, self.more = code, sentence, more


class Gone(Exception):
    """The browser has left; there is nobody to tell."""


class Check(Protocol):
    """Reads the row for this person; raises where there is none or no right."""

    def __call__(self, person: User) -> Row:
        """The row."""
        ...


class Line:
    """One WebSocket. A subclass carries it once it is let in."""

    slots: Slots

    def __init__(self, scope: Scope, receive: Receive, send: Send, check: Check) -> None:
        """Nothing is sent yet; `check` is asked at the beginning and again and again."""
        self.scope, self.receive = scope, receive
        self._send, self._check = direct_send(scope, send), check
        self._receiving: asyncio.Task[dict[str, Any]] | None = None

    async def run(self) -> None:
        """From the handshake to the end, in the reader's language."""
        await self.receive()
        await self._send({"type": "websocket.accept"})
        with translation.override(language_of(self.scope)):
            try:
                person, row = await self.admitted()
                with self.slots.taken(person.pk):
                    await self.carry(person, row, await self._first_message())
            except Gone:
                return
            except Ended as end:
                await self._close(end)
            except PortalError as error:
                await self._close(Ended(_code_of(error), error.message, field=error.field))

    async def carry(self, person: User, row: Row, said: dict[str, object]) -> None:
        """What this line is for; ends by raising Ended or Gone."""
        raise NotImplementedError

    async def admitted(self) -> tuple[User, Row]:
        """The person behind the browser's session now, and the row."""
        found: tuple[User, Row] = await database_sync_to_async(self._admit)()
        return found

    def _admit(self) -> tuple[User, Row]:
        key = self.scope["session"].session_key or ""
        person = people_of([key]).get(key)
        if person is None:
            raise Ended(NOT_SIGNED_IN, _("You are not signed in any more. Sign in again."))
        return cast("User", person), self._check(cast("User", person))

    async def review(self) -> None:
        """Ask again and again; ends the line when the answer is no."""
        loop = asyncio.get_running_loop()
        asked_at_s = loop.time()
        while True:
            await asyncio.sleep(RECHECK_S)
            try:
                await self.admitted()
                asked_at_s = loop.time()
            except DatabaseFailed as error:
                log.warning("stream_rights_unknown", error=str(error))
                if loop.time() - asked_at_s > UNCHECKED_S:
                    sentence = _("The portal cannot look up your rights at the moment.")
                    raise Ended(NOT_SIGNED_IN, sentence) from None

    async def hear(self) -> dict[str, Any]:
        """The browser's next message; Gone when it left."""
        message = await self.receive()
        if message["type"] == "websocket.disconnect":
            raise Gone
        return message

    async def send(self, **message: object) -> None:
        """One message of ASGI; who takes nothing for half a minute is let go."""
        try:
            async with asyncio.timeout(MOST_BEHIND_S):
                await self._send(message)
        except TimeoutError:
            raise Ended(SLOW, _("This browser took nothing for half a minute.")) from None
        except OSError:
            raise Gone from None

    async def say(self, kind: str, **message: object) -> None:
        """One message as JSON."""
        text = orjson.dumps({"type": kind, **message}).decode()
        await self.send(type="websocket.send", text=text)

    def origin(self, person: User) -> Origin:
        """For the audit."""
        headers = dict(self.scope.get("headers", ()))
        address = headers.get(b"x-real-ip", b"").decode("latin-1")
        client = self.scope.get("client") or ("",)
        return Origin(actor=person, address=address or client[0] or None, credential="session")

    async def _first_message(self) -> dict[str, object]:
        try:
            async with asyncio.timeout(FIRST_MESSAGE_S):
                said = read_json((await self.hear()).get("text"))
        except TimeoutError:
            raise Ended(SLOW, _("The page did not say what it wants to see.")) from None
        if said is None or said.get("type") != "open":
            raise Ended(CANNOT, _("The page's request cannot be read. Load it anew."))
        return said

    async def _close(self, end: Ended) -> None:
        try:
            async with asyncio.timeout(1):
                await self.say("end", code=end.code, sentence=end.sentence, **end.more)
                await self._send({"type": "websocket.close", "code": end.code})
        except (Gone, Ended, OSError, TimeoutError):
            return


def read_json(text: object) -> dict[str, object] | None:
    """The message's fields; None where it is no object or too long."""
    if not isinstance(text, str) or len(text) > LARGEST_MESSAGE:
        return None
    try:
        said = orjson.loads(text)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


async def until_one_ends(*parts: Coroutine[Any, Any, None]) -> None:
    """Run all until one ends, end the others, and raise what ended it."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        done, _pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


def language_of(scope: Scope) -> str:
    """As pages choose it: the cookie, else what the browser prefers, else the portal's."""
    cookie = scope.get("cookies", {}).get(settings.LANGUAGE_COOKIE_NAME, "")
    headers = dict(scope.get("headers", ()))
    accepted = headers.get(b"accept-language", b"").decode("latin-1")
    wished = (cookie, *(part.partition(";")[0].strip() for part in accepted.split(",")))
    for code in filter(None, wished):
        try:
            return translation.get_supported_language_variant(code)
        except LookupError:
            continue
    return settings.LANGUAGE_CODE


def _code_of(error: PortalError) -> int:
    codes = {PermissionDenied: NOT_YOURS, NotFound: GONE, TooMany: TOO_MANY, Unavailable: SILENT}
    return codes.get(type(error), CANNOT)
