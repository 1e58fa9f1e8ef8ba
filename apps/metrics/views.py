"""The live line as server-sent events, for where WebSockets do not get through."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_GET

from apps.metrics import signed_in
from dce_portal.live_hub import hub
from dce_portal.live_session import LiveSession, read_topics


@require_GET
async def live_events(request: HttpRequest) -> HttpResponseBase:
    """`?topics=node:1,cluster:2`; the same messages as the WebSocket's, one an event."""
    person = partial(signed_in.person_of, request.session.session_key)
    if await person() is None:
        return HttpResponse(status=401)
    try:
        topics = read_topics([one for one in request.GET.get("topics", "").split(",") if one])
    except ValueError:
        return HttpResponse(status=400)
    since = since_of(request.headers.get("Last-Event-ID", request.GET.get("since", "")))
    response = StreamingHttpResponse(
        _events(LiveSession(hub(), person), topics, since), content_type="text/event-stream"
    )
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


def since_of(event_id: str) -> dict[str, int]:
    """`cluster:1=52,node:3=17`, as event ids are written, back to numbers by topic."""
    pairs = (part.rpartition("=") for part in event_id.split(",") if "=" in part)
    return {topic: int(seq) for topic, _, seq in pairs if seq.isascii() and seq.isdigit()}


async def _events(
    session: LiveSession, topics: list[str], since: dict[str, int]
) -> AsyncIterator[bytes]:
    try:
        async for message in session.subscribe(topics, since):
            yield _event(session, message)
        async for message in session.messages():
            yield _event(session, message)
    finally:
        await session.close()


def _event(session: LiveSession, message: bytes) -> bytes:
    """The id names the last number of every topic, so that a browser which comes back loses none."""
    numbers = ",".join(f"{topic}={seq}" for topic, seq in sorted(session.sent.items()))
    return b"id: %s\ndata: %s\n\n" % (numbers.encode(), message)
