"""A node's engine in memory, with an agent that is replaced as a test says."""

from __future__ import annotations

from dataclasses import dataclass, field

from apps.nodes.ports.agent_host import AgentContainer, ReplacementOutcome
from dce_portal.errors import InvalidInput


@dataclass(slots=True)
class FakeAgentHost:
    """The AgentHostPort in memory; `ends` is how the helper will be found."""

    image: str = "portal:8443/dce/agent:1.0.0"
    socket_path: str = "/var/run/docker.sock"
    pull_error: str = ""
    ends: ReplacementOutcome = field(default_factory=lambda: ReplacementOutcome(is_done=True))
    asked: list[str] = field(default_factory=list)

    async def agent(self) -> AgentContainer:
        """What runs."""
        return AgentContainer(image=self.image, socket_path=self.socket_path)

    async def pull(self, image: str) -> None:
        """Note it, or fail."""
        self.asked.append(f"pull {image}")
        if self.pull_error:
            raise InvalidInput(f"{image} cannot be pulled: {self.pull_error}.")

    async def start_replacement(self, image: str, *, socket_path: str) -> None:
        """Note it."""
        self.asked.append(f"replace by {image} with {socket_path}")
        self.image = image

    async def outcome(self) -> ReplacementOutcome:
        """What the test wants."""
        return self.ends

    async def tidy(self) -> None:
        """Note it."""
        self.asked.append("tidy")

    async def close(self) -> None:
        """Nothing is open."""
