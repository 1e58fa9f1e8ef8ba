"""Asks the outside one question from code that does not run in an event loop: a worker's, or a page's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol


class Closing(Protocol):
    """A port, whatever it asks."""

    async def close(self) -> None:
        """Close the connections."""
        ...


def ask[Port: Closing, Answer](port: Port, question: Callable[[Port], Awaitable[Answer]]) -> Answer:
    """The answer; the port is closed afterwards, since its connections belong to this call's loop."""
    return asyncio.run(_ask(port, question))


async def _ask[Port: Closing, Answer](
    port: Port, question: Callable[[Port], Awaitable[Answer]]
) -> Answer:
    try:
        return await question(port)
    finally:
        await port.close()
