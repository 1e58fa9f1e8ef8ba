"""The events of all nodes as a standalone Swarm's manager sends them: objects one after another, nothing between."""

from __future__ import annotations

import codecs
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
from django.utils.translation import gettext as _

from apps.nodes.adapters.engine.http import CONNECT_TIMEOUT_S, cause_of, connector_of
from apps.nodes.adapters.json_facts import LARGEST_WHOLE, NEVER, Facts
from apps.nodes.ports import EngineAddress
from apps.nodes.ports.standalone import SwarmEvent
from dce_portal.errors import Unavailable

MOST_CHARACTERS = 1024 * 1024
NANO = 1_000_000_000


class EventDecoder:
    """Cuts a stream of objects that stand side by side, wherever its chunks end."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._text = ""
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")
        self._json = json.JSONDecoder()

    def feed(self, chunk: bytes) -> Iterator[SwarmEvent]:
        """The events that this chunk completes; Unavailable when no object ends for too long."""
        self._text += self._utf8.decode(chunk)
        while (value := self._next()) is not None:
            if isinstance(value, dict):
                yield event_of(Facts(value))
        if len(self._text) > MOST_CHARACTERS:
            raise Unavailable(_("The manager's events cannot be read; the stream is opened anew."))

    def _next(self) -> Any:  # noqa: ANN401 - whatever JSON holds
        self._text = self._text.lstrip()
        try:
            value, end = self._json.raw_decode(self._text)
        except (ValueError, RecursionError):
            return None
        self._text = self._text[end:]
        return value


def event_of(facts: Facts) -> SwarmEvent:
    """One event; newer engines have Type, Action and Actor, older ones status, id and from."""
    node, actor = facts.part("node"), facts.part("Actor")
    attributes = actor.labels("Attributes")
    return SwarmEvent(
        at=_moment(facts),
        kind=facts.text("Type", most=32) or "container",
        action=facts.text("Action", most=128) or facts.text("status", most=128),
        subject_id=actor.text("ID", most=128) or facts.text("id", most=128),
        source=facts.text("from", most=512),
        node_name=node.text("Name") or attributes.get("node.name", ""),
        node_address=node.text("Addr") or attributes.get("node.addr", ""),
        attributes=attributes,
    )


def _moment(facts: Facts) -> datetime:
    nano = facts.whole("timeNano")
    seconds = nano / NANO if nano else facts.whole("time")
    return NEVER if seconds > LARGEST_WHOLE / NANO else datetime.fromtimestamp(seconds, tz=UTC)


async def read_events(address: EngineAddress, *, api_version: str) -> AsyncIterator[SwarmEvent]:
    """The events of one manager until its stream ends; Unavailable when it breaks."""
    decoder = EventDecoder()
    try:
        connector, base = connector_of(address)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S)
        async with (
            aiohttp.ClientSession(base, connector=connector, timeout=timeout) as session,
            session.get(f"/v{api_version}/events", raise_for_status=True) as response,
        ):
            async for chunk in response.content.iter_any():
                for event in decoder.feed(chunk):
                    yield event
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise Unavailable(
            _("The events of the manager at %(url)s broke off: %(cause)s.")
            % {"url": address.url, "cause": cause_of(error).rstrip(".")}
        ) from error
