"""What the portal asks of a node's engine, through its agent, to put another agent in that agent's place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class AgentContainer:
    """The agent's container as it runs: its image, and the engine's socket on the host."""

    image: str
    socket_path: str


@dataclass(frozen=True, slots=True)
class ReplacementOutcome:
    """How the helper that swaps agents ended, and its last words."""

    is_done: bool
    has_failed: bool = False
    said: str = ""


class AgentHostPort(Protocol):
    """The engine behind one agent. Unavailable while the agent is being replaced."""

    async def agent(self) -> AgentContainer:
        """The container that runs there now; NotFound when the agent runs in none."""
        ...

    async def pull(self, image: str) -> None:
        """Fetch an image; InvalidInput, with the engine's words, when it cannot be had."""
        ...

    async def start_replacement(self, image: str, *, socket_path: str) -> None:
        """Start the helper, which goes on by itself; one that an earlier try left is removed first."""
        ...

    async def outcome(self) -> ReplacementOutcome:
        """How far the helper is."""
        ...

    async def tidy(self) -> None:
        """Remove the helper that has ended; calling it without one does no harm."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...
