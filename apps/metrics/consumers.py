"""The live line over a WebSocket."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import orjson
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth.models import AbstractBaseUser

from apps.metrics import signed_in
from dce_portal.live_hub import hub
from dce_portal.live_session import LiveSession, error_message, read_since, read_topics

NOT_SIGNED_IN = 4401
NOT_YOURS = 4403
LARGEST_MESSAGE = 16 * 1024


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels has no types
    """Carries a LiveSession; one batch is sent before the next is made."""

    session: LiveSession | None = None
    pump: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Accept a signed-in person; the others are told so by the closing code."""
        await self.accept()
        if await self._person() is None:
            await self.close(code=NOT_SIGNED_IN)
            return
        self.session = LiveSession(hub(), self._person)
        self.pump = asyncio.create_task(self._pump(self.session))

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """A request of the browser; what cannot be read is answered, never a crash."""
        text = text_data or ""
        if self.session is None:
            return
        try:
            request = _request(text)
            topics = read_topics(request.get("topics"))
            wanted = request.get("type")
        except ValueError:
            await self._say(error_message("bad_request"))
            return
        await self._answer(self.session, wanted, topics, request.get("since"))

    async def disconnect(self, code: int) -> None:
        """Leave the hub."""
        if self.pump is not None:
            self.pump.cancel()
            with suppress(asyncio.CancelledError):
                await self.pump
        if self.session is not None:
            await self.session.close()

    async def _answer(
        self, session: LiveSession, wanted: object, topics: list[str], since: object
    ) -> None:
        if wanted == "subscribe":
            async for message in session.subscribe(topics, read_since(since)):
                await self._say(message)
        elif wanted == "unsubscribe":
            for topic in topics:
                session.unsubscribe(topic)
        else:
            await self._say(error_message("bad_request"))

    async def _pump(self, session: LiveSession) -> None:
        async for message in session.messages():
            await self._say(message)
        await self.close(code=NOT_SIGNED_IN)

    async def _say(self, message: bytes) -> None:
        await self.send(text_data=message.decode())

    async def _person(self) -> AbstractBaseUser | None:
        return await signed_in.person_of(self.scope["session"].session_key)


class OperationConsumer(LiveConsumer):
    """The same line with one topic implied: the operation that the address names."""

    async def connect(self) -> None:
        """Watch the operation at once; who may not is told so and turned away."""
        await super().connect()
        if self.session is None:
            return
        topic = f"operation:{self.scope['url_route']['kwargs']['operation_id']}"
        await self._answer(self.session, "subscribe", [topic], None)
        if topic not in self.session.sent:
            await self.close(code=NOT_YOURS)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """There is nothing to ask for here."""
        await self._say(error_message("bad_request"))


def _request(text: str) -> dict[str, object]:
    """The request's fields; ValueError when it is too long or no object."""
    request = orjson.loads(text) if len(text) <= LARGEST_MESSAGE else None
    return {} if not isinstance(request, dict) else request
