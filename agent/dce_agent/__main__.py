"""`python -m dce_agent`: sample until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal

from .agent import Agent
from .server import Server
from .settings import Settings, parse


async def serve(settings: Settings) -> None:
    """Run an agent and its server until cancelled."""
    agent = Agent(settings)
    async with Server(agent).listening(settings.listen):
        await agent.run()


async def main(settings: Settings) -> None:
    """End in order at a signal."""
    work = asyncio.ensure_future(serve(settings))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, work.cancel)
    gc.freeze()  # what is there now stays; collections need not look at it
    with contextlib.suppress(asyncio.CancelledError):
        await work


if __name__ == "__main__":
    asyncio.run(main(parse()))
