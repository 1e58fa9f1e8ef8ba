"""The live line as a program reads it: frames put together again from steps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from websockets.sync.client import ClientConnection, connect

from dce_portal.live_wire import applied
from tests.e2e.site import Site

LONG_S = 60


@dataclass(slots=True)
class Frames:
    """What a page holds of each topic."""

    held: dict[str, dict[str, Any]] = field(default_factory=dict)

    def of(self, text: str | bytes) -> list[dict[str, Any]]:
        """The frames of one message, whole, each with its topic and number."""
        message = json.loads(text)
        parts = message["messages"] if message["type"] == "batch" else [message]
        return [frame for part in parts for frame in self._frames(part)]

    def _frames(self, part: dict[str, Any]) -> Iterator[dict[str, Any]]:
        kept = [part] if part["type"] == "delta" else part.get("frames", [])
        for frame in kept:
            topic = part["topic"]
            data = frame["data"] if "data" in frame else applied(self.held[topic], frame["step"])
            if data.get("type") == "usage":
                self.held[topic] = data
            yield {"topic": topic, "seq": frame["seq"], "data": data}


def watching(site: Site, person: str) -> AbstractContextManager[ClientConnection]:
    """The live line of somebody who signed in on the page."""
    headers = {"Cookie": f"dce_session={site.sign_in(person)}", "Origin": site.base_url}
    address = f"ws://{site.host}/ws/live/"
    return connect(address, additional_headers=headers, proxy=None, open_timeout=LONG_S)


def subscribe(line: ClientConnection, topic: str) -> None:
    """Ask for a topic."""
    line.send(json.dumps({"type": "subscribe", "topics": [topic]}))
