"""The server's own way to send, past the layers that only the start of a connection needs.

Channels' session layer looks at every message on its way out, whether a cookie is to be
set: no message of an open WebSocket can carry one, and a live line sends thousands.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

Scope = dict[str, Any]
Channel = Callable[..., Awaitable[Any]]
Application = Callable[[Scope, Channel, Channel], Awaitable[object]]

KEY = "dce.send"


class DirectSend:
    """The outermost layer: leaves the server's `send` in the scope."""

    def __init__(self, application: Application) -> None:
        """Keep the next layer."""
        self.application = application

    async def __call__(self, scope: Scope, receive: Channel, send: Channel) -> object:
        """Hand it on."""
        return await self.application({**scope, KEY: send}, receive, send)


def direct_send(scope: Scope, send: Channel) -> Channel:
    """The server's `send` where the scope has it, else the one at hand."""
    found: Channel = scope.get(KEY, send)
    return found
