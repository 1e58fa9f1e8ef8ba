"""Refuses WebSockets that another site's page opens with a person's cookies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier

Scope = dict[str, Any]
Channel = Callable[..., Awaitable[Any]]
Application = Callable[[Scope, Channel, Channel], Awaitable[object]]


class SameOrigin:
    """Lets a WebSocket through whose Origin is the host it asks; programs send none and may pass."""

    def __init__(self, application: Application) -> None:
        """Keep the next layer."""
        self.application = application

    async def __call__(self, scope: Scope, receive: Channel, send: Channel) -> object:
        """Compare, and refuse the handshake where they differ."""
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        origin = headers.get(b"origin")
        if origin is None or is_same(origin, headers.get(b"host", "")):
            return await self.application(scope, receive, send)
        denied: object = await WebsocketDenier()(scope, receive, send)
        return denied


def is_same(origin: str, host: str) -> bool:
    """Whether a page of this origin belongs to this host; the port counts, the scheme does not."""
    try:
        asker = urlsplit(origin).netloc
    except ValueError:  # not written as an address: no browser sends such a thing
        return False
    return bool(host) and asker.lower() == host.lower()
