"""The live line as server-sent events, for where WebSockets do not get through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from channels.db import database_sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_GET

from apps.accounts.signed_in import people_of
from dce_portal.live_hub import hub
from dce_portal.live_session import LiveSession, has_too_many_lines, read_topics


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose browser session it is, and what it wants to see."""

    key: str
    owner: object
    topics: list[str]
    since: dict[str, int]


@require_GET
async def live_events(request: HttpRequest) -> HttpResponseBase:
    """`?topics=node:1,cluster:2`; the same messages as the WebSocket's, one an event."""
    key = request.session.session_key or ""
    person = (await database_sync_to_async(people_of)([key])).get(key)
    if person is None:
        return HttpResponse(status=401)
    try:
        topics = read_topics([one for one in request.GET.get("topics", "").split(",") if one])
    except ValueError:
        return HttpResponse(status=400)
    if has_too_many_lines(hub(), person.pk):
        return HttpResponse(status=429, headers={"Retry-After": "15"})
    since = since_of(request.headers.get("Last-Event-ID", request.GET.get("since", "")))
    asked = Asked(key, person.pk, topics, since)
    response = StreamingHttpResponse(_events(asked), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


def since_of(event_id: str) -> dict[str, int]:
    """`cluster:1=52,node:3=17`, as event ids are written, back to numbers by topic."""
    pairs = (part.rpartition("=") for part in event_id.split(",") if "=" in part)
    return {topic: int(seq) for topic, _, seq in pairs if seq.isascii() and seq.isdigit()}


async def _events(asked: Asked) -> AsyncIterator[bytes]:
    session = LiveSession(hub(), asked.key, people_of, owner=asked.owner)
    task = asyncio.current_task()
    if task is not None:
        session.when_stuck(task.cancel)
    try:
        async for message in session.subscribe(asked.topics, asked.since):
            yield _event(session, message)
        async for message in session.messages():
            yield _event(session, message)
    finally:
        await session.close()


def _event(session: LiveSession, message: str) -> bytes:
    """The id names the last number of every topic, so that a browser which comes back loses none."""
    numbers = ",".join(f"{topic}={seq}" for topic, seq in sorted(session.sent.items()) if seq)
    return f"id: {numbers}\ndata: {message}\n\n".encode()
