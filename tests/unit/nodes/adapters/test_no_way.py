"""Where the portal has no address to ask, it says what to do."""

from __future__ import annotations

import pytest

from apps.nodes.adapters.engine.console import EngineConsoles
from apps.nodes.adapters.engine.logs import EngineLogs
from apps.nodes.ports.streams import ConsoleWish, LogKind, LogQuery, LogSource
from dce_portal.errors import Unavailable


async def test_a_log_without_an_address() -> None:
    source = LogSource(LogKind.SERVICE, "s1")
    with pytest.raises(
        Unavailable, match="Add a manager's, or the engine's, under Engine addresses"
    ):
        async for _ in EngineLogs([]).read(source, LogQuery()):
            pass


async def test_a_console_without_an_address() -> None:
    with pytest.raises(
        Unavailable, match="Add a manager's, or the engine's, under Engine addresses"
    ):
        await EngineConsoles([]).open(ConsoleWish("c1", ["sh"]))
