"""Follow one engine: its events as they come, its lists whenever an event says that they changed.

Nothing here waits for the engine without a limit, and nothing else waits for this.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeGuard

from .engine_info import info_facts
from .inventory import Difference, Inventory
from .unix_http import EngineClient, EngineSilent

ANSWER_TIMEOUT_S = 5.0
LIST_TIMEOUT_S = 20.0
ASKED_EVERY_S = 10.0
LISTED_EVERY_S = {"info": 60.0, "container": 60.0, "image": 300.0}
SHORTEST_GAP_S = 1.0
LONGEST_RETRY_S = 30.0
# Not the exec events: a health check makes three of them every few seconds.
CONTAINER_ACTIONS = (
    *("create", "start", "die", "kill", "oom", "destroy", "rename", "update"),
    *("pause", "unpause", "restart", "stop", "health_status"),
)
IMAGE_ACTIONS = ("delete", "import", "load", "pull", "push", "tag", "untag", "prune")
# What these tell of is in the engine's info: another name or label, a node that came, left or got another role.
INFO_TYPES = frozenset({"daemon", "node"})
INFO_ACTIONS = ("reload", "remove")  # "create" and "update" are among the containers' already

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EngineState:
    """Whether the engine answers, and since when; None before it was asked."""

    answers: bool | None = None
    reason: str = "It has not been asked yet."
    since_unix_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)
    info: Mapping[str, Any] | None = None
    """Who the engine says it is; of one that is silent, what it said last."""


@dataclass(slots=True)
class EngineWatch:
    """Keeps an inventory up to date and tells of every event and difference, in order."""

    client: EngineClient
    inventory: Inventory
    on_event: Callable[[Event], None]
    on_difference: Callable[[Difference], None]
    on_state: Callable[[EngineState], None]
    state: EngineState = field(default_factory=EngineState)
    _heard_ns: int = 0
    _due_s: dict[str, float] = field(default_factory=lambda: dict.fromkeys(LISTED_EVERY_S, 0.0))
    _hurry: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Follow until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow_events())
            tasks.create_task(self._keep_lists())

    async def _follow_events(self) -> None:
        retry_s = SHORTEST_GAP_S
        while True:
            try:
                async for event in self._events():
                    retry_s = SHORTEST_GAP_S
                    self._hear(event)
            except EngineSilent:
                pass  # the lists, which are asked for now, tell whether the engine answers
            self._mark_due(*LISTED_EVERY_S)
            await asyncio.sleep(retry_s)
            retry_s = min(retry_s * 2, LONGEST_RETRY_S)

    async def _events(self) -> AsyncIterator[Event]:
        """Events from where the last stream broke off: the engine remembers a few hundred."""
        heard_before = self._heard_ns
        actions = [*CONTAINER_ACTIONS, *IMAGE_ACTIONS, *INFO_ACTIONS]
        types = ["container", "image", *sorted(INFO_TYPES)]
        query = {"filters": json.dumps({"type": types, "event": actions})}
        if heard_before:
            query["since"] = f"{heard_before // 10**9}.{heard_before % 10**9:09}"
        async with self.client.stream("/events", timeout_s=ANSWER_TIMEOUT_S, **query) as events:
            self._mark_due(*LISTED_EVERY_S)
            async for event in events:
                if _is_event(event) and event["timeNano"] > heard_before:
                    yield event

    def _hear(self, event: Event) -> None:
        self._heard_ns = max(self._heard_ns, event["timeNano"])
        if event.get("Type") in INFO_TYPES:
            self._mark_due("info")
            return
        self.inventory.hear(event)
        self.on_event(event)
        self._mark_due(str(event.get("Type")))

    def _mark_due(self, *kinds: str) -> None:
        self._due_s.update(dict.fromkeys(kinds, 0.0))
        self._hurry.set()

    async def _keep_lists(self) -> None:
        while True:
            try:
                await self.client.ping(timeout_s=ANSWER_TIMEOUT_S)
                await self._list_what_is_due()
                self._conclude(answers=True, reason="")
            except EngineSilent as exc:
                self._conclude(answers=False, reason=str(exc))
            await self._rest()

    async def _rest(self) -> None:
        """Until the next turn, shorter when an event came, but never without a pause."""
        await asyncio.sleep(SHORTEST_GAP_S)
        try:
            async with asyncio.timeout(ASKED_EVERY_S - SHORTEST_GAP_S):
                await self._hurry.wait()
        except TimeoutError:
            pass
        self._hurry.clear()

    async def _list_what_is_due(self) -> None:
        now_s = time.monotonic()
        for kind in [kind for kind, due_s in self._due_s.items() if due_s <= now_s]:
            # Before the list is asked for: an event that comes meanwhile makes it due again.
            self._due_s[kind] = now_s + LISTED_EVERY_S.get(kind, 0.0)
            try:
                differences = await self._ask(kind)
            except EngineSilent:
                self._due_s[kind] = 0.0
                raise
            for difference in differences:
                self.on_difference(difference)

    async def _ask(self, kind: str) -> list[Difference]:
        if kind == "info":
            self._learn(await self._info())
            return []
        return await self._list(kind)

    async def _info(self) -> Mapping[str, Any]:
        version = await self.client.get("/version", timeout_s=ANSWER_TIMEOUT_S)
        return info_facts(await self.client.get("/info", timeout_s=LIST_TIMEOUT_S), version)

    def _learn(self, info: Mapping[str, Any]) -> None:
        if info != self.state.info:
            self.state = replace(self.state, info=info)
            if self.state.answers is not None:  # else told with the first conclusion
                self.on_state(self.state)

    async def _list(self, kind: str) -> list[Difference]:
        if kind == "container":
            found = await self.client.get("/containers/json", timeout_s=LIST_TIMEOUT_S, all="1")
            return self.inventory.take_containers(_entries(found))
        found = await self.client.get("/images/json", timeout_s=LIST_TIMEOUT_S)
        return self.inventory.take_images(_entries(found))

    def _conclude(self, *, answers: bool, reason: str) -> None:
        if answers != self.state.answers:
            self.state = EngineState(answers=answers, reason=reason, info=self.state.info)
            self.on_state(self.state)


def _is_event(document: object) -> TypeGuard[Event]:
    if not isinstance(document, dict) or not isinstance(document.get("timeNano"), int):
        return False
    actor = document.get("Actor")
    return isinstance(actor, dict) and isinstance(actor.get("Attributes", {}), dict)


def _entries(found: object) -> list[dict[str, Any]]:
    """A list whose entries have IDs, as an engine's has."""
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise EngineSilent("The engine's list cannot be read.")
    if not all(isinstance(entry.get("Id"), str) for entry in found):
        raise EngineSilent("The engine's list has entries without an ID.")
    return found
