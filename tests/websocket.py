"""A WebSocket client inside the process; Channels' own needs a server that the project does not have."""

from __future__ import annotations

from urllib.parse import unquote

from asgiref.testing import ApplicationCommunicator

CONNECT_TIMEOUT_S = 30


class WebSocketClient(ApplicationCommunicator):
    """Speaks ASGI to an application, one connection."""

    def __init__(self, application, path: str, *, headers: list[tuple[bytes, bytes]]) -> None:
        scope = {
            "type": "websocket",
            "path": unquote(path),
            "query_string": b"",
            "headers": headers,
            "subprotocols": [],
        }
        super().__init__(application, scope)

    async def connect(self) -> bool:
        """Whether the application let us in."""
        await self.send_input({"type": "websocket.connect"})
        answer = await self.receive_output(CONNECT_TIMEOUT_S)
        return answer["type"] == "websocket.accept"

    async def send_text(self, text: str) -> None:
        await self.send_input({"type": "websocket.receive", "text": text})

    async def receive_text(self) -> str:
        answer = await self.receive_output(CONNECT_TIMEOUT_S)
        assert answer["type"] == "websocket.send", answer
        return answer["text"]

    async def disconnect(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(CONNECT_TIMEOUT_S)
