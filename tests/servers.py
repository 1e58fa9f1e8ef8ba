"""The end of an asyncio server in a test, which no connection may hold up."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

GOODBYE_S = 5


async def end(server: asyncio.Server) -> None:
    """Close it and its connections; one that was accepted meanwhile, or hangs, is cut off."""
    server.close()
    if sys.version_info < (3, 13):
        return  # before, a server knew nothing of its connections
    server.close_clients()
    with suppress(TimeoutError):
        async with asyncio.timeout(GOODBYE_S):
            await server.wait_closed()
    server.abort_clients()
