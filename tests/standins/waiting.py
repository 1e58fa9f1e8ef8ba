"""Waiting for a condition inside an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def wait_until_async(is_so: Callable[[], bool], *, what: str, timeout_s: float) -> None:
    """Return once it is so; TimeoutError names what did not come."""
    try:
        async with asyncio.timeout(timeout_s):
            while not is_so():  # noqa: ASYNC110 - what is awaited gives no sign
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise TimeoutError(f"Waited {timeout_s} s for {what}.") from None
