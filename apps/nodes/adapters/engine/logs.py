"""Logs over the Engine API: of containers from their engine, of tasks and services from a Swarm's manager."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
from django.utils.translation import gettext as _

from apps.nodes.adapters.engine.http import EngineHttp
from apps.nodes.adapters.engine.log_framing import Lines, Multiplexed, Pieces, Plain
from apps.nodes.adapters.json_facts import Facts
from apps.nodes.ports.streams import (
    Addresses,
    LogKind,
    LogLine,
    LogQuery,
    LogSource,
    LogsUnreadable,
)
from dce_portal.errors import PortalError, Unavailable

FRAMED = "application/vnd.docker.multiplexed-stream"
# With an answer under way an engine may be silent for ever; without following it has this long.
SILENCE_S = 20.0
NO_READING = "does not support reading"
TERMINAL = {
    LogKind.CONTAINER: (("Config",), "Tty"),
    LogKind.TASK: (("Spec", "ContainerSpec"), "TTY"),
    LogKind.SERVICE: (("Spec", "TaskTemplate", "ContainerSpec"), "TTY"),
}


class EngineLogs:
    """The LogsPort over one engine, or over several managers that know the same."""

    def __init__(self, addresses: Addresses) -> None:
        """Take the addresses in the order in which they are asked."""
        self._ways = [EngineHttp(address) for address in addresses]

    async def read(self, source: LogSource, query: LogQuery) -> AsyncIterator[tuple[LogLine, ...]]:
        """Ask what it is, then for its lines."""
        http, about = await self._about(source)
        path, params = address_of(source), params_of(source, query)
        silence_s = None if query.follow else SILENCE_S
        try:
            async with http.stream(path, params=params, silence_s=silence_s) as answer:
                async for lines in _lines(answer, source, about):
                    if wanted := _until(lines, query.until):
                        yield wanted
        except Unavailable as error:
            raise self._in_words(error, about) from error

    async def close(self) -> None:
        """Close the connections."""
        for http in self._ways:
            await http.close()

    async def _about(self, source: LogSource) -> tuple[EngineHttp, Facts]:
        """The first address that answers, and what it says; a manager's word that there is none counts."""
        error: PortalError = Unavailable(
            _(
                "The portal has no address to ask for this log. "
                "Add a manager's, or the engine's, under Engine addresses."
            )
        )
        for http in self._ways:
            try:
                return http, Facts(await http.get(_inspection(source)))
            except Unavailable as failed:
                error = failed
        raise self._silent(error)

    def _silent(self, error: PortalError) -> PortalError:
        """What to say when no address answered."""
        return error

    def _in_words(self, error: Unavailable, about: Facts) -> PortalError:
        if NO_READING not in error.message:
            return error
        driver = about.part("HostConfig", "LogConfig").text("Type") or "?"
        return LogsUnreadable(
            _(
                "The engine cannot give this log back: its logging driver is “%(driver)s”. Read it where that"
                " driver sends it, or start the container with json-file, local or journald."
            )
            % {"driver": driver}
        )


def address_of(source: LogSource) -> str:
    """Where its log is."""
    return f"/{source.kind}s/{source.native_id}/logs"


def _inspection(source: LogSource) -> str:
    suffix = "/json" if source.kind == LogKind.CONTAINER else ""
    return f"/{source.kind}s/{source.native_id}{suffix}"


def params_of(source: LogSource, query: LogQuery) -> dict[str, str]:
    """Docker's parameters; lines always come with their moments, and those of services with their task."""
    params = {"stdout": "1", "stderr": "1", "timestamps": "1", "tail": str(query.tail)}
    if query.follow:
        params["follow"] = "1"
    if query.since:
        params["since"] = unix_text(query.since)
    if source.kind != LogKind.CONTAINER:
        params["details"] = "1"
    elif query.until:
        params["until"] = unix_text(query.until)
    return params


def unix_text(at: str) -> str:
    """A moment as engines take it: seconds since 1970, and nine decimals."""
    whole, _dot, fraction = at.removesuffix("Z").partition(".")
    seconds = int(datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp())
    return f"{seconds}.{fraction:0<9}"


async def _lines(
    answer: aiohttp.ClientResponse, source: LogSource, about: Facts
) -> AsyncIterator[tuple[LogLine, ...]]:
    pieces: Pieces = Plain() if _is_plain(answer, source, about) else Multiplexed()
    lines = Lines(has_details=source.kind != LogKind.CONTAINER)
    async for chunk in answer.content.iter_any():
        if found := tuple(line for piece in pieces.feed(chunk) for line in lines.feed(piece)):
            yield found
    last = [line for piece in pieces.end() for line in lines.feed(piece)]
    if last := [*last, *lines.end()]:
        yield tuple(last)


def _is_plain(answer: aiohttp.ClientResponse, source: LogSource, about: Facts) -> bool:
    """Engines from 23 on name the form; before, it follows from whether there is a terminal."""
    path, name = TERMINAL[source.kind]
    return answer.content_type != FRAMED and about.part(*path).true(name)


def _until(lines: tuple[LogLine, ...], until: str) -> tuple[LogLine, ...]:
    """Managers do not know `until`."""
    return tuple(line for line in lines if not until or not line.at or line.at <= until)
