"""Asks agents, one request each, and applies what several of them answered in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import structlog
from django.db import transaction
from django.utils import timezone

from apps.metrics import agent_usage
from apps.metrics.agent_rows import AgentUsage
from apps.metrics.store import memory as written
from apps.nodes import services
from apps.nodes.polling.waiting import InDatabase, in_time
from apps.nodes.ports.agent import AgentPort, AgentSnapshot
from apps.nodes.services import AgentPlace
from dce_portal.errors import PortalError

log = structlog.get_logger(__name__)

MOST_A_TRANSACTION = 64
# Answers that wait hold their figures: beyond these, agents are asked later.
MOST_WAITING = 256
# A back-fill of 15 minutes comes in about twenty parts at most; the next poll takes the rest.
MOST_PARTS_A_POLL = 40


@dataclass(frozen=True, slots=True)
class AgentAnswer:
    """What one agent answered, and where its answers belonged before."""

    endpoint_pk: int
    snapshot: AgentSnapshot
    place: AgentPlace | None


Outcome = AgentPlace | Exception | None


class AgentBatch:
    """Gathers answers while the database is busy with earlier ones."""

    def __init__(self, in_database: InDatabase) -> None:
        """Take the way to the database."""
        self._in_database = in_database
        self._waiting: list[tuple[AgentAnswer, asyncio.Future[Outcome]]] = []
        self._draining: asyncio.Task[None] | None = None

    async def apply(self, answer: AgentAnswer) -> AgentPlace | None:
        """Where the answer was put; None when it belongs nowhere at present, or the error of its storing."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((answer, future))
        if self._draining is None or self._draining.done():
            self._draining = asyncio.create_task(self._drain())
        outcome = await future
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def room(self) -> int:
        """How many more answers may wait to be stored."""
        return MOST_WAITING - len(self._waiting)

    async def close(self) -> None:
        """Store nothing more."""
        if self._draining is not None:
            self._draining.cancel()
            await asyncio.gather(self._draining, return_exceptions=True)

    async def _drain(self) -> None:
        while self._waiting:
            part = self._waiting[:MOST_A_TRANSACTION]
            del self._waiting[:MOST_A_TRANSACTION]
            work = partial(apply_answers, [answer for answer, _future in part])
            try:
                outcomes: Sequence[Outcome] = await self._in_database(work)
            except Exception as error:
                outcomes = [error] * len(part)
            for (_answer, future), outcome in zip(part, outcomes, strict=True):
                if not future.done():  # its asker may have been dropped meanwhile
                    future.set_result(outcome)


class AgentAsker:
    """Asks one agent, from where the last poll of any worker ended."""

    def __init__(
        self, pk: int, port: AgentPort, in_database: InDatabase, batch: AgentBatch
    ) -> None:
        """Take the address's row, its port, and the ways to the database: alone and with others."""
        self._pk, self._port, self._in_database, self._batch = pk, port, in_database, batch
        self._cursor: str | None = None
        self._place: AgentPlace | None = None

    async def ask(self, *, with_images: bool, is_watched: bool = False) -> bool:
        """Ask for all that is new; images come with it whenever they change."""
        asked_at = timezone.now()
        try:
            await self._ask(is_watched=is_watched)
        except PortalError as error:
            reason, self._place = error.message, None
            await self._in_database(
                lambda: services.engine_poll_failed(self._pk, reason=reason, asked_at=asked_at)
            )
            return False
        except Exception:
            self._place = None
            raise
        return True

    async def close(self) -> None:
        """Close the connections."""
        await self._port.close()

    async def _ask(self, *, is_watched: bool) -> None:
        cursor = await self._resumed() if self._cursor is None else self._cursor
        for _part in range(MOST_PARTS_A_POLL):
            snapshot = await in_time(self._port.samples(since=cursor, watch=is_watched))
            self._place = await self._batch.apply(AgentAnswer(self._pk, snapshot, self._place))
            if self._place is None:  # asked for the same again, once it is known where it belongs
                return
            self._cursor = cursor = snapshot.cursor
            if not snapshot.more:
                return

    async def _resumed(self) -> str:
        memory = await self._in_database(lambda: services.agent_memory(self._pk))
        self._port.resume(memory)
        self._cursor = memory.cursor
        return memory.cursor


class _MovedMeanwhileError(Exception):
    """What was remembered of an address is no longer so."""


def apply_answers(answers: Sequence[AgentAnswer]) -> list[Outcome]:
    """Store several answers at once; where that fails, each on its own, so that one spoils no other."""
    try:
        return list(_apply(answers, trusting=True))
    except Exception as error:
        log.info("agents_applied_singly", count=len(answers), cause=str(error))
    written.forget()
    return [_apply_alone(answer) for answer in answers]


def _apply_alone(answer: AgentAnswer) -> Outcome:
    try:
        return _apply([answer], trusting=False)[0]
    except Exception as error:
        log.exception("agent_not_applied", endpoint=answer.endpoint_pk)
        return error


def _apply(answers: Sequence[AgentAnswer], *, trusting: bool) -> list[AgentPlace | None]:
    with transaction.atomic():
        same = [
            (answer.place, answer.snapshot)
            for answer in answers
            if trusting and answer.place is not None and answer.place.fits(answer.snapshot)
        ]
        if not services.touch_agents(same):
            raise _MovedMeanwhileError
        known = {place.endpoint_pk for place, _snapshot in same}
        places = [
            answer.place
            if answer.endpoint_pk in known
            else services.place_agent(answer.endpoint_pk, answer.snapshot)
            for answer in answers
        ]
        placed = zip(answers, places, strict=True)
        usages = [
            _usage(place, answer.snapshot, is_described=answer.endpoint_pk in known)
            for answer, place in placed
            if place is not None
        ]
        agent_usage.ingest_agents(usages, now=timezone.now())
        services.touch_clusters(same)
    return places


def _usage(place: AgentPlace, snapshot: AgentSnapshot, *, is_described: bool) -> AgentUsage:
    return AgentUsage(
        node_pk=place.node_pk,
        cluster_pk=place.cluster_pk,
        hostname=place.hostname,
        memory_bytes=place.memory_bytes,
        containers=place.containers,
        snapshot=snapshot,
        clock_ahead_s=place.clock_ahead_s,
        is_described=is_described,
    )
