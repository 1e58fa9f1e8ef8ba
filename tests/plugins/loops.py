"""An event loop ends when its connections have: a close that is under way takes a turn or two more.

A TLS connection says goodbye before its socket goes. Where a test ends in between, the socket is found by
the garbage collector in some later test, which then fails for it. What nobody closes is still found.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

PATIENCE_S = 1.0
TURN_S = 0.01


def _patient(close: Callable[[asyncio.SelectorEventLoop], None]) -> Callable[..., None]:
    def close_when_quiet(loop: asyncio.SelectorEventLoop) -> None:
        give_up_at = time.monotonic() + PATIENCE_S
        while _has_connections(loop) and time.monotonic() < give_up_at:
            loop.run_until_complete(asyncio.sleep(TURN_S))
        close(loop)

    return close_when_quiet


def _has_connections(loop: asyncio.SelectorEventLoop) -> bool:
    if loop.is_closed() or loop.is_running():
        return False
    # asyncio's own list, and the only one; what is closed stays in it until it is collected.
    known = list(loop._transports.values())  # type: ignore[attr-defined]
    return any(transport._sock is not None for transport in known)


asyncio.SelectorEventLoop.close = _patient(asyncio.SelectorEventLoop.close)  # type: ignore[method-assign]
