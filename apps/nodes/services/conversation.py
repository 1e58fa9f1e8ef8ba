"""Several questions to one cluster within an operation, with waiting in between that a person can cancel."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from django.utils.translation import gettext as _

from apps.nodes.ports import ClusterPort, NodeChange, NodeInfo
from dce_portal.errors import Conflict, Unavailable
from dce_portal.operations import OperationRun

MOST_TRIES = 3
ASK_AGAIN_AFTER_S = 0.5


class Ask(Protocol):
    """Waits for one answer."""

    def __call__[Answer](self, question: Coroutine[Any, Any, Answer], /) -> Answer:
        """The answer, or the port's error."""
        ...


class Closable(Protocol):
    """A port."""

    async def close(self) -> None:
        """Close its connections."""
        ...


@contextmanager
def asking(*ports: Closable) -> Iterator[Ask]:
    """One event loop for all questions, since a port keeps its connections in one; closes the ports."""
    with asyncio.Runner() as runner:
        try:
            yield runner.run
        finally:
            for port in ports:
                runner.run(port.close())


@dataclass(frozen=True, slots=True)
class Waiting:
    """For what, and how long; `is_cancellable` where a person may stop it half-way."""

    what: str
    limit_s: float
    is_cancellable: bool = False


def wait_until(run: OperationRun, is_so: Callable[[], bool], *, waiting: Waiting) -> bool:
    """Ask again and again; False when the time was up. A cluster that does not answer for a moment is asked again."""
    ends_at = time.monotonic() + waiting.limit_s
    run.say(waiting.what)
    while not _is_so(is_so):
        if waiting.is_cancellable:
            run.stop_if_cancelled()
        if time.monotonic() >= ends_at:
            return False
        time.sleep(ASK_AGAIN_AFTER_S)
    return True


def _is_so(is_so: Callable[[], bool]) -> bool:
    try:
        return is_so()
    except Unavailable:
        # A demoted leader or a broken line: the next manager answers soon, or the limit ends it.
        return False


async def update_node(
    port: ClusterPort, native_id: str, change_for: Callable[[NodeInfo], NodeChange]
) -> tuple[int, NodeInfo]:
    """Write a wish that means the same on any version; a conflict is tried again on the newest one."""

    async def write() -> None:
        fresh = await port.node(native_id)
        change = change_for(fresh)
        await port.update_node(native_id, change=change, version_index=fresh.version_index)

    tries = await repeated(write)
    return tries, await port.node(native_id)


async def repeated(write: Callable[[], Awaitable[None]]) -> int:
    """Read and write again after a conflict; returns how many tries it took."""
    for number in range(1, MOST_TRIES + 1):
        try:
            await write()
        except Conflict:
            continue
        return number
    raise Conflict(
        _(
            "It changed meanwhile, %(tries)s times in a row. Nothing was written;"
            " look at it again and repeat."
        )
        % {"tries": MOST_TRIES}
    )
