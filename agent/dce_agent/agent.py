"""Put the parts together: what the engine says and what is sampled go into one ring."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from . import __version__
from .answer import samples_answer
from .certificate import not_after_unix_s
from .cgroups import hierarchy_of
from .containers import ContainerReader
from .engine_routes import CONSOLES_VARIABLE
from .engine_watch import EngineState, EngineWatch, Event
from .files import read
from .host import cpu_count
from .inventory import Difference, Inventory
from .ring import Change, Ring
from .sampler import Sampler
from .settings import Settings
from .unix_http import EngineClient

ANSWER_VALUES = 60_000  # about 0.6 MB of JSON
LATE_AFTER_INTERVALS = 3
DOCKER_ROOT = "/var/lib/docker"
SWARM_CERTIFICATE = "swarm/certificates/swarm-node.crt"
CONSOLES = {"yes": True, "no": False}
EVENT_ATTRIBUTES = ("name", "image", "exitCode", "signal", "oldName")


class Agent:
    """One node's agent; ``run`` keeps it up to date, the other methods answer."""

    def __init__(self, settings: Settings) -> None:
        """Look once what kind of host this is; nothing is started."""
        self._hierarchy = hierarchy_of(settings.sys)
        self._settings = settings
        self._ring = Ring()
        self._inventory = Inventory()
        reader = ContainerReader(self._hierarchy, proc=settings.proc) if self._hierarchy else None
        self._sampler = Sampler(settings, reader=reader, running=lambda: self._inventory.running)
        self._watch = EngineWatch(
            EngineClient(settings.engine),
            self._inventory,
            on_event=self._note_event,
            on_difference=self._note_difference,
            on_state=self._note_state,
        )

    async def run(self) -> None:
        """Sample and follow the engine until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._sampler.run(self._ring.append))
            tasks.create_task(self._watch.run())

    def samples(self, since: str, *, watch: bool) -> bytes:
        """All that is new since a cursor, as far as one answer goes."""
        if watch:
            self._sampler.watch()
        found = self._ring.since(since, limit_values=ANSWER_VALUES)
        return samples_answer(found, about=self._about(), lists=self._lists())

    def health(self) -> dict[str, Any]:
        """Whether samples are taken in time. An engine that hangs is no illness of the agent."""
        last_s, interval_s = self._sampler.last_tick_at_s, self._sampler.interval_s
        age_s = time.monotonic() - last_s if last_s is not None else None
        late = age_s is None or age_s > LATE_AFTER_INTERVALS * interval_s
        return {**self._about(), "healthy": not late, "last_sample_age_s": age_s}

    def _about(self) -> dict[str, Any]:
        return {
            "now_unix_ms": time.time_ns() // 1_000_000,
            "interval_s": self._sampler.interval_s,
            "node": self._node(),
            "engine": asdict(self._watch.state),
        }

    def _node(self) -> dict[str, Any]:
        kernel = f"{self._settings.proc}/sys/kernel"
        return {
            "hostname": _text(f"{kernel}/hostname"),
            "boot_id": _text(f"{kernel}/random/boot_id"),
            "kernel": _text(f"{kernel}/osrelease") or os.uname().release,
            "cpus": cpu_count(self._settings.proc),
            "cgroup_version": self._hierarchy.version if self._hierarchy else None,
            "agent_version": __version__,
            "lets_consoles_through": CONSOLES.get(os.environ.get(CONSOLES_VARIABLE, "")),
            "swarm_certificate_not_after_unix_s": not_after_unix_s(self._swarm_certificate()),
        }

    def _swarm_certificate(self) -> bytes:
        info = self._watch.state.info or {}
        folder = info.get("DockerRootDir") or DOCKER_ROOT
        return read(f"{self._settings.root.rstrip('/')}{folder}/{SWARM_CERTIFICATE}")

    def _lists(self) -> dict[str, Any]:
        return {
            "number": self._ring.last,
            "containers": list(self._inventory.containers.values()),
            "images": list(self._inventory.images.values()),
        }

    def _note(self, kind: str, detail: Mapping[str, Any]) -> None:
        self._ring.append(Change(time.monotonic(), time.time_ns() // 1_000_000, kind, detail))

    def _note_difference(self, difference: Difference) -> None:
        self._note(difference.kind, {"id": difference.id, "entry": difference.entry})

    def _note_state(self, state: EngineState) -> None:
        self._note("engine", asdict(state))

    def _note_event(self, event: Event) -> None:
        container = str(event["Actor"].get("ID"))
        attributes = event["Actor"].get("Attributes", {})
        detail: dict[str, Any] = {
            "type": event.get("Type"),
            "action": event.get("Action"),
            "id": container,
            "event_unix_ms": event["timeNano"] // 1_000_000,
            "attributes": {
                name: attributes[name] for name in EVENT_ATTRIBUTES if name in attributes
            },
        }
        if event.get("Type") == "container":
            detail.update(self._sampled_at(event, container))
        self._note("event", detail)

    def _sampled_at(self, event: Event, container: str) -> dict[str, Any]:
        """Read the container now where the event is the last or the first chance for it."""
        match event.get("Action"):
            case "start":
                ago_s = (time.time_ns() - event["timeNano"]) / 1e9
                self._sampler.container_started(container, ago_s=ago_s)
            case "update":
                self._sampler.container_changed(container)
            case "die":
                return {"used": self._sampler.container_ended(container)}
        return {}


def _text(path: str) -> str:
    return read(path).decode(errors="replace").strip()
