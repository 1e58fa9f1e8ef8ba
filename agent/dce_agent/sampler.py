"""Take all figures of the node, every five seconds or every second while someone watches."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping

from . import devices, host, network
from .containers import ContainerReader
from .rates import RateKeeper, Table
from .ring import Tick
from .schema import (
    CONTAINERS,
    DISKS,
    FILESYSTEMS,
    HOST,
    INTERFACES,
    SCHEMAS,
    TEMPERATURES,
    Kind,
    Reading,
    Schema,
)
from .settings import Settings

WATCHED_INTERVAL_S = 1.0
WATCH_LASTS_S = 10.0
COUNTERS_AT_START = {
    column.figure: 0.0 for column in CONTAINERS.columns if column.kind is Kind.RATE
}


class Sampler:
    """Makes ticks. Knows no engine: it is told which containers run, and of their starts and ends."""

    def __init__(
        self, settings: Settings, *, reader: ContainerReader | None, running: Callable[[], set[str]]
    ) -> None:
        """Sample the trees that ``settings`` name; ``reader`` is None where there are no groups."""
        self._settings = settings
        self._reader = reader
        self._running = running
        self._keepers = {schema.name: RateKeeper(schema) for schema in SCHEMAS}
        self._last_readings: dict[str, Reading] = {}
        self._watched_until_s = 0.0
        self._woken = asyncio.Event()
        self.last_tick_at_s: float | None = None

    @property
    def interval_s(self) -> float:
        """The time between two ticks at this moment."""
        watched = time.monotonic() < self._watched_until_s
        return (
            min(WATCHED_INTERVAL_S, self._settings.interval_s)
            if watched
            else self._settings.interval_s
        )

    def watch(self) -> None:
        """Sample every second for a while."""
        self._watched_until_s = time.monotonic() + WATCH_LASTS_S
        self._woken.set()

    async def run(self, on_tick: Callable[[Tick], None]) -> None:
        """Sample until cancelled."""
        while True:
            on_tick(self.tick())
            await self._pause()

    def tick(self) -> Tick:
        """Read everything once."""
        at_s, before_s = time.monotonic(), self.last_tick_at_s
        interval_ms = None if before_s is None else round((at_s - before_s) * 1e3)
        self.last_tick_at_s = at_s
        return Tick(at_s, time.time_ns() // 1_000_000, interval_ms, self._tables())

    def container_started(self, container: str, *, ago_s: float) -> None:
        """Count from zero at its start, so that also a short life has rates."""
        if not self._reader:
            return
        self._reader.forget(container)
        for reading in self._reader.read([container]):
            self._last_readings[container] = reading
            started = CONTAINERS.reading(
                container,
                at_s=reading.at_s - max(ago_s, 0.0),
                figures=COUNTERS_AT_START,
                epoch=reading.epoch,
            )
            self._keepers[CONTAINERS.name].start(started)

    def container_ended(self, container: str) -> dict[str, float]:
        """What it used in all, as far as it could be read before its group went."""
        last = self._last_readings.pop(container, None)
        if not self._reader:
            return {}
        for reading in self._reader.read([container]):
            last = reading
        self._reader.forget(container)
        return CONTAINERS.figures(last) if last else {}

    def container_changed(self, container: str) -> None:
        """Its limits may be others now."""
        if self._reader:
            self._reader.forget_limits(container)

    async def _pause(self) -> None:
        """Until the next tick is due, which a beginning watch may bring forward."""
        while (left_s := self._left_s()) > 0:
            try:
                async with asyncio.timeout(left_s):
                    await self._woken.wait()
            except TimeoutError:
                continue
            self._woken.clear()

    def _left_s(self) -> float:
        return (self.last_tick_at_s or 0.0) + self.interval_s - time.monotonic()

    def _tables(self) -> dict[str, Table]:
        proc, sys_root, root = self._settings.proc, self._settings.sys, self._settings.root
        found = (
            network.interfaces(f"{proc}/1/net/dev") or network.interfaces(f"{proc}/net/dev") or {}
        )
        own = {**host.host_figures(proc), **network.uplinks(found, sys_root=sys_root)}
        return {
            HOST.name: self._table(HOST, {"": own}),
            CONTAINERS.name: self._containers(),
            FILESYSTEMS.name: self._table(
                FILESYSTEMS, dict(devices.filesystems(proc=proc, root=root))
            ),
            DISKS.name: self._table(DISKS, dict(devices.disks(proc=proc, sys_root=sys_root))),
            INTERFACES.name: self._table(INTERFACES, found),
            TEMPERATURES.name: self._table(TEMPERATURES, dict(devices.temperatures(sys_root))),
        }

    def _containers(self) -> Table:
        running = self._running()
        readings = list(self._reader.read(running)) if self._reader else []
        kept = {id_: last for id_, last in self._last_readings.items() if id_ in running}
        self._last_readings = {**kept, **{reading.key: reading for reading in readings}}
        return self._keepers[CONTAINERS.name].turn(readings)

    def _table(self, schema: Schema, found: Mapping[str, Mapping[str, float]]) -> Table:
        return self._keepers[schema.name].turn(_readings(schema, found))


def _readings(schema: Schema, found: Mapping[str, Mapping[str, float]]) -> Iterator[Reading]:
    at_s = time.monotonic()
    for key, figures in found.items():
        yield schema.reading(key, at_s=at_s, figures=figures)
