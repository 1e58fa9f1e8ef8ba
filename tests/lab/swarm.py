"""A lab: several engines on one network, singly or as one Swarm, and the way to end it."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self

from . import images, network, slots
from .api import EngineApi
from .engine import Engine, EngineOptions
from .host import LabError, wait_until
from .naming import SWARM_PORT
from .slots import Claim

MANAGERS = 3
NANOSECONDS = 1_000_000_000
READY_TIMEOUT_S = 60
NODES_TIMEOUT_S = 3


class Lab:
    """Engines that belong together. Use as a context manager, or ``close`` it."""

    def __init__(self, claim: Claim, *, options: EngineOptions) -> None:
        """Take over a claimed slot; ``create`` and ``reopen`` are the ways to get a lab."""
        self._claim = claim
        self.slot = claim.slot
        self.options = options
        self.engines: list[Engine] = []
        # Also at the interpreter's exit, for an owner that never came to close it.
        self._finalizer = weakref.finalize(self, _end_claim, claim)

    @classmethod
    def create(cls, size: int, *, options: EngineOptions | None = None, keep: bool = False) -> Self:
        """Start ``size`` engines in a free slot; ``keep`` lets them outlive this process."""
        options = options or EngineOptions()
        claim = slots.claim()
        claim.record.kept, claim.record.options = keep, asdict(options)
        lab = cls(claim, options=options)
        try:
            lab._lay_network()
            lab.grow(size)
        except BaseException:
            lab.close()
            raise
        return lab

    @classmethod
    def reopen(cls, claim: Claim) -> Self:
        """Take up a lab that an earlier process kept."""
        lab = cls(claim, options=EngineOptions.from_record(claim.record.options))
        lab._know(len(claim.record.processes))
        return lab

    @property
    def gateway(self) -> str:
        """This machine's address, for servers that the engines are to reach."""
        return self.slot.gateway

    def engine(self, index: int) -> Engine:
        """Engine ``index``, counted from 1."""
        return self.engines[index - 1]

    def grow(self, size: int) -> None:
        """Start engines until there are ``size``, and those that are down."""
        self._know(size)
        for engine in self.engines:
            network.attach(self.slot, engine.name)
            engine.launch()
            if self.options.shared_identity:
                engine.wait_ready()  # the first one makes the key that the others read
        for engine in self.engines:
            engine.wait_ready()

    def make_swarm(self, *, managers: int = MANAGERS, heartbeat_s: int = 1) -> None:
        """Make one Swarm of all engines; a short heartbeat lets a dead node be seen in seconds."""
        first = self.engine(1)
        if swarm_state(first) != "active":
            _found_swarm(first, heartbeat_s=heartbeat_s)
        tokens = first.api.get("/swarm")["JoinTokens"]
        for engine in self.engines[1:]:
            if swarm_state(engine) != "active":
                _join(engine, tokens["Manager" if engine.index <= managers else "Worker"], first)
        self.wait_ready()

    def nodes(self, *, seen_by: int = 1) -> Mapping[str, dict[str, Any]]:
        """The Swarm's nodes by host name, as one of its managers sees them."""
        # A manager that has lost its leader would hold the request for some 20 s.
        nodes = EngineApi(self.engine(seen_by).socket, timeout_s=NODES_TIMEOUT_S).get("/nodes")
        return {node["Description"]["Hostname"]: node for node in nodes}

    def node_state(self, hostname: str, *, seen_by: int = 1) -> str:
        """``ready``, ``down``, ``disconnected`` or ``unknown``, also while there is no leader."""
        try:
            return str(self.nodes(seen_by=seen_by)[hostname]["Status"]["State"])
        except (LabError, OSError, KeyError):
            return "unknown"

    def wait_node(
        self, hostname: str, state: str, *, seen_by: int = 1, timeout_s: float = READY_TIMEOUT_S
    ) -> None:
        """Wait until a manager sees a node in a state."""
        wait_until(
            lambda: self.node_state(hostname, seen_by=seen_by) == state,
            what=f"{hostname} to be {state} in the eyes of eng{seen_by}",
            timeout_s=timeout_s,
        )

    def wait_ready(self) -> None:
        """Wait until the first manager sees every node ready."""
        for engine in self.engines:
            self.wait_node(engine.hostname, "ready")

    def load_image(self, name: str = images.BUSYBOX_IMAGE) -> str:
        """Put the busybox image on every engine; its ID is the same on all."""
        return {images.load(engine.api, name=name) for engine in self.engines}.pop()

    def mend(self) -> None:
        """Undo what a test did: every engine up and connected, no service, no container."""
        for engine in self.engines:
            engine.thaw()
            engine.heal()
            engine.launch()
        for engine in self.engines:
            engine.wait_ready()
        if swarm_state(self.engine(1)) == "active":
            self.wait_ready()
            _remove_services(self.engine(1))
        for engine in self.engines:
            _remove_containers(engine)

    def close(self) -> None:
        """End and remove everything; a second time does nothing."""
        self._finalizer()

    def leave_standing(self) -> None:
        """Let go of a kept lab without ending it."""
        self._finalizer.detach()
        self._claim.release()

    def __enter__(self) -> Self:
        """Return the lab itself."""
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """Close the lab, whatever happened in it."""
        self.close()

    def _lay_network(self) -> None:
        record = self._claim.record
        record.links, record.cgroups = [self.slot.link], [self.slot.cgroup]
        record.namespaces = [self.slot.switch]
        self._claim.save()
        network.create(self.slot)

    def _know(self, size: int) -> None:
        for index in range(len(self.engines) + 1, size + 1):
            engine = Engine(index, claim=self._claim, options=self.options)
            self.engines.append(engine)
            self._claim.record.namespaces.append(engine.name.namespace)
        self._claim.record.namespaces = list(dict.fromkeys(self._claim.record.namespaces))
        self._claim.save()


def swarm_state(engine: Engine) -> str:
    """An engine's part in a Swarm: ``inactive``, ``pending``, ``active``, ``error``, ``locked``."""
    return str(engine.info()["Swarm"]["LocalNodeState"])


def _end_claim(claim: Claim) -> None:
    claim.sweep()
    claim.release()


def _found_swarm(engine: Engine, *, heartbeat_s: int) -> None:
    spec = {"Dispatcher": {"HeartbeatPeriod": heartbeat_s * NANOSECONDS}}
    addresses = {"ListenAddr": f"0.0.0.0:{SWARM_PORT}", "AdvertiseAddr": engine.address}
    engine.api.post("/swarm/init", {**addresses, "Spec": spec})


def _join(engine: Engine, token: str, manager: Engine) -> None:
    addresses = {"ListenAddr": f"0.0.0.0:{SWARM_PORT}", "AdvertiseAddr": engine.address}
    remote = {"RemoteAddrs": [f"{manager.address}:{SWARM_PORT}"], "JoinToken": token}
    engine.api.post("/swarm/join", {**addresses, **remote})


def _remove_services(manager: Engine) -> None:
    for service in manager.api.get("/services"):
        manager.api.delete(f"/services/{service['ID']}")


def _remove_containers(engine: Engine) -> None:
    gone = _ids(engine.api.get("/containers/json", all=1))
    for container in gone:
        try:
            engine.api.delete(f"/containers/{container}", force=1, v=1)
        except LabError as error:
            # The Swarm removes those of its services at the same time.
            if "404" not in str(error) and "already in progress" not in str(error):
                raise


def _ids(containers: Iterable[Mapping[str, str]]) -> list[str]:
    return [container["Id"] for container in containers]
