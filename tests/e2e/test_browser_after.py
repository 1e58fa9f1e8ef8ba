"""Asynchronous tests that follow those of a browser in the same run."""

import asyncio


async def test_the_browsers_loop_has_ended():
    """Playwright's loop would refuse this one, did it live as long as the session."""
    await asyncio.sleep(0)
    assert asyncio.get_running_loop().is_running()
