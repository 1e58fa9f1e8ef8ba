"""A node's agent over HTTP: one GET a poll, and the lists that its changes add up to."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.nodes.adapters.agent.agent_json import (
    COLUMNS,
    answer_of,
    cursor_of,
    engine_of,
    events_of,
    node_of,
    table_of,
    ticks_of,
)
from apps.nodes.adapters.agent.agent_lists import Lists
from apps.nodes.adapters.engine import EngineHttp
from apps.nodes.ports import EngineAddress
from apps.nodes.ports.agent import AgentMemory, AgentSnapshot
from dce_portal.errors import Unavailable

SAMPLES = "/dce/v1/samples"
MOST_BYTES = 16 * 1024 * 1024


class AgentHttp(EngineHttp):
    """The same client with an agent's words; what it answers is under `/dce/`, outside the Engine API."""

    async def read(self, path: str, **params: str) -> object:
        """Read one resource as it is; the answer is parsed JSON."""
        return await self._send("GET", path, params, None)

    def refusal(self, status: int, path: str, content: bytes) -> Unavailable:
        """The error that a refusal of the agent\'s own means."""
        return self._unavailable(
            _("it answered HTTP %(status)s to %(path)s") % {"status": status, "path": path}
        )

    def _unavailable(self, cause: str) -> Unavailable:
        return Unavailable(
            _("The agent at %(url)s cannot be asked: %(cause)s.")
            % {"url": self.address.url, "cause": cause.rstrip(".")}
        )


class Agent:
    """The AgentPort over HTTP; used inside one event loop."""

    def __init__(self, address: EngineAddress) -> None:
        """Nothing is opened before the first question."""
        self.address = address
        self._http = AgentHttp(address, most_bytes=MOST_BYTES)
        self._lists = Lists()

    def resume(self, memory: AgentMemory) -> None:
        """Go on where another process ended."""
        self._lists.remember(memory)

    async def samples(self, *, since: str, watch: bool) -> AgentSnapshot:
        """Read what is new since a cursor."""
        asked_at = timezone.now()
        parameters = {"since": since} | ({"watch": "1"} if watch else {})
        raw = await self._http.read(SAMPLES, **parameters)
        return self._snapshot(raw, asked_at=asked_at, answered_at=timezone.now())

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    def _snapshot(self, raw: object, *, asked_at: datetime, answered_at: datetime) -> AgentSnapshot:
        answer = answer_of(raw)
        ticks, changes = ticks_of(answer), answer.parts("changes")
        table = partial(table_of, answer, tick_count=len(ticks.at_unix_ms))
        tables = {name: table(name) for name in COLUMNS}
        middle_s = (asked_at.timestamp() + answered_at.timestamp()) / 2
        cursor, engine = cursor_of(answer), engine_of(answer.part("engine"))
        self._lists.take(answer, changes)
        return AgentSnapshot(
            taken_at=answered_at,
            clock_ahead_s=answer.whole("now_unix_ms") / 1e3 - middle_s,
            node=node_of(answer.part("node")),
            engine=engine,
            lists=self._lists.packed,
            ticks=ticks,
            tables=tables,
            events=events_of(changes),
            cursor=cursor,
            reset=answer.true("reset"),
            more=answer.true("more"),
        )
