"""Names and addresses of a lab, all from its slot's number, so that two labs never meet."""

from __future__ import annotations

from dataclasses import dataclass

SLOTS = 16
ENGINES_PER_LAB = 200
API_PORT = 2376
SWARM_PORT = 2377
FIRST_HOST = 10


@dataclass(frozen=True, slots=True)
class EngineName:
    """What one engine of a lab is called, and where it is."""

    slot: int
    index: int

    def __post_init__(self) -> None:
        if not 1 <= self.index <= ENGINES_PER_LAB:
            raise ValueError(f"An engine's index lies in 1..{ENGINES_PER_LAB}, not {self.index}.")

    @property
    def hostname(self) -> str:
        """What Docker reports as the node's name."""
        return f"eng{self.index}"

    @property
    def namespace(self) -> str:
        """The network namespace, as ``ip netns`` lists it."""
        return f"dcelab{self.slot}-e{self.index}"

    @property
    def port(self) -> str:
        """The engine's end at the lab's switch."""
        return f"port{self.index}"

    @property
    def address(self) -> str:
        """The engine's address on the lab's network."""
        return f"10.214.{self.slot}.{FIRST_HOST + self.index}"

    @property
    def cgroup(self) -> str:
        """The parent of its containers' control groups."""
        return f"/dcelab{self.slot}/{self.hostname}"


@dataclass(frozen=True, slots=True)
class Slot:
    """One of the places on this machine that a lab can take."""

    number: int

    def __post_init__(self) -> None:
        if not 0 <= self.number < SLOTS:
            raise ValueError(f"A slot's number lies in 0..{SLOTS - 1}, not {self.number}.")

    @property
    def network(self) -> str:
        """The lab's network in CIDR notation."""
        return f"10.214.{self.number}.0/24"

    @property
    def gateway(self) -> str:
        """This machine's address on it: a server bound here is reachable from every engine."""
        return f"10.214.{self.number}.1"

    @property
    def link(self) -> str:
        """The one network interface that shows on this machine."""
        return f"dcelab{self.number}"

    @property
    def switch(self) -> str:
        """The namespace that holds the bridge between the engines."""
        return f"dcelab{self.number}-switch"

    @property
    def cgroup(self) -> str:
        """The control group above those of all its containers."""
        return f"/dcelab{self.number}"

    def engine(self, index: int) -> EngineName:
        """Name engine ``index``, counted from 1."""
        return EngineName(self.number, index)
