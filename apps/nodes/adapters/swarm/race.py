"""Reads from several managers so that none that hangs holds the answer up, and says which trouble matters most."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from django.utils.translation import gettext as _

from apps.nodes.adapters.engine import EngineHttp
from apps.nodes.ports.swarm import NoLeader, SwarmLocked
from dce_portal.errors import Unavailable

SLOW_AFTER_S = 2.5
"""Longer than a healthy manager takes, shorter than the time in which a dead one's silence is sure."""


class Race[Answer]:
    """One question to the managers in their order, each asked beside the former once that is slow."""

    def __init__(
        self, managers: Sequence[EngineHttp], ask: Callable[[EngineHttp], Awaitable[Answer]]
    ) -> None:
        """Take the managers in the order of preference; nothing is asked yet."""
        self._waiting = list(managers)
        self._ask = ask
        self._running: dict[asyncio.Task[Answer], EngineHttp] = {}
        self._errors: list[Unavailable] = []

    async def run(self) -> tuple[EngineHttp, Answer]:
        """The first answer and who gave it; errors other than Unavailable are answers, too."""
        try:
            while self._waiting or self._running:
                self._start_next()
                for task in await self._ended():
                    manager = self._running.pop(task)
                    try:
                        return manager, task.result()
                    except Unavailable as error:
                        self._errors.append(error)
        finally:
            await self._stop()
        raise no_manager(self._errors)

    def _start_next(self) -> None:
        if self._waiting:
            manager = self._waiting.pop(0)
            self._running[asyncio.create_task(self._call(manager))] = manager

    async def _call(self, manager: EngineHttp) -> Answer:
        return await self._ask(manager)

    async def _ended(self) -> set[asyncio.Task[Answer]]:
        patience_s = SLOW_AFTER_S if self._waiting else None
        done, _pending = await asyncio.wait(
            self._running, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED
        )
        return done

    async def _stop(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)


def no_manager(errors: Sequence[Unavailable]) -> Unavailable:
    """The one error for all: a lost majority says more than a lock, and a lock more than silence."""
    for kind in (NoLeader, SwarmLocked):
        for error in errors:
            if isinstance(error, kind):
                return error
    said = " ".join(error.message for error in errors)
    return Unavailable(said or _("No manager of this Swarm has an address here."))
