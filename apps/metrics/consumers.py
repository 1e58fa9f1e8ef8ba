"""The live line over a WebSocket.

Plain ASGI below the router: of a thousand sockets each costs two tasks and no dispatch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, cast

import orjson

from apps.accounts.signed_in import people_of
from dce_portal.direct_send import direct_send
from dce_portal.live_hub import hub
from dce_portal.live_rights import NOT_SIGNED_IN
from dce_portal.live_session import (
    TOO_MANY_LINES,
    LiveSession,
    error_message,
    has_too_many_lines,
    read_since,
    read_topics,
)

NOT_YOURS = 4403
LARGEST_MESSAGE = 16 * 1024

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Line:
    """Carries a LiveSession; one message is sent before the next is made."""

    def __init__(self, session: LiveSession, receive: Receive, send: Send) -> None:
        """Nothing is sent yet."""
        self.session, self.receive, self.send = session, receive, send

    async def carry(self) -> None:
        """Until either side ends it."""
        reader = cast("asyncio.Task[None]", asyncio.current_task())
        self.session.when_stuck(reader.cancel)
        pump = asyncio.create_task(self._pump())
        pump.add_done_callback(lambda ended: reader.cancel() if _has_failed(ended) else None)
        try:
            while (message := await self.receive())["type"] != "websocket.disconnect":
                await self.take(message.get("text") or "")
        except asyncio.CancelledError:
            if self.session.closing is None:
                raise
            reader.uncancel()
        finally:
            pump.cancel()
            with suppress(asyncio.CancelledError, OSError):
                await pump

    async def take(self, text: str) -> None:
        """A request of the browser; what cannot be read is answered, never a crash."""
        try:
            request = _request(text)
            topics = read_topics(request.get("topics"))
        except ValueError:
            await self.say(error_message("bad_request"))
            return
        wanted = request.get("type")
        if wanted == "subscribe":
            await self.subscribe(topics, read_since(request.get("since")))
        elif wanted == "unsubscribe":
            for topic in topics:
                self.session.unsubscribe(topic)
        else:
            await self.say(error_message("bad_request"))

    async def subscribe(self, topics: list[str], since: dict[str, int]) -> None:
        """Answer for each topic."""
        async for message in self.session.subscribe(topics, since):
            await self.say(message)

    async def _pump(self) -> None:
        async for message in self.session.messages():
            await self.say(message)
        await self.send({"type": "websocket.close", "code": self.session.closing})

    async def say(self, message: str) -> None:
        """Send one message; a browser that has gone is no error."""
        await self.send({"type": "websocket.send", "text": message})


class OperationLine(Line):
    """The same line with one topic implied; there is nothing to ask for here."""

    async def take(self, text: str) -> None:
        """Whatever it is, it cannot be used."""
        await self.say(error_message("bad_request"))


async def live_line(scope: Scope, receive: Receive, send: Send) -> None:
    """`/ws/live/`: topics as the page asks for them."""
    send = direct_send(scope, send)
    session = await _begun(scope, receive, send)
    if session is None:
        return
    try:
        await Line(session, receive, send).carry()
    finally:
        await session.close()


async def operation_line(scope: Scope, receive: Receive, send: Send) -> None:
    """`/ws/operations/ID/`: who may not see the operation is told so and turned away."""
    send = direct_send(scope, send)
    session = await _begun(scope, receive, send)
    if session is None:
        return
    topic = f"operation:{scope['url_route']['kwargs']['operation_id']}"
    line = OperationLine(session, receive, send)
    try:
        await line.subscribe([topic], {})
        if topic in session.sent:
            await line.carry()
        else:
            await send({"type": "websocket.close", "code": NOT_YOURS})
    finally:
        await session.close()


async def _begun(scope: Scope, receive: Receive, send: Send) -> LiveSession | None:
    """Accept a signed-in person; the others are told so by the closing code."""
    await receive()
    await send({"type": "websocket.accept"})
    person = scope["user"]
    ear = hub()
    if not person.is_authenticated or not person.is_active:
        await send({"type": "websocket.close", "code": NOT_SIGNED_IN})
    elif has_too_many_lines(ear, person.pk):
        await send({"type": "websocket.close", "code": TOO_MANY_LINES})
    else:
        session = LiveSession(ear, scope["session"].session_key, people_of, owner=person.pk)
        await send({"type": "websocket.send", "text": session.hello()})
        return session
    return None


def _has_failed(pump: asyncio.Task[None]) -> bool:
    """Whether it ended by an error that is ours; a browser that has gone is none."""
    error = None if pump.cancelled() else pump.exception()
    return error is not None and not isinstance(error, OSError)


def _request(text: str) -> dict[str, object]:
    """The request's fields; ValueError when it is too long or no object."""
    request = orjson.loads(text) if len(text) <= LARGEST_MESSAGE else None
    return {} if not isinstance(request, dict) else request
