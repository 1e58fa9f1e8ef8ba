"""What the portal asks of a Swarm as a whole: its settings, tokens, keys and certificates.

Polls need none of it, so it stands apart from the port that every cluster has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from apps.nodes.ports.cluster import ClusterPort
from apps.nodes.ports.cluster_facts import ClusterFacts
from dce_portal.errors import Unavailable
from dce_portal.secret import Secret


class NoLeader(Unavailable):
    """The managers answer, and too few of them reach each other to agree on anything."""

    code = "no_leader"


class SwarmLocked(Unavailable):
    """The engine was restarted with autolock on, and waits for its unlock key."""

    code = "locked"


@dataclass(frozen=True, slots=True)
class SwarmChange:
    """What to change of a Swarm; what is not named stays as it is."""

    autolock: bool | None = None
    rotate_worker_token: bool = False
    rotate_manager_token: bool = False
    rotate_unlock_key: bool = False
    rotate_root: bool = False


class SwarmPort(ClusterPort, Protocol):
    """A Swarm through its managers: what is about all of it."""

    async def facts(self) -> ClusterFacts:
        """Read what the Swarm says of itself now."""
        ...

    async def update_swarm(self, *, change: SwarmChange, version_index: int) -> None:
        """Write the change; Conflict when the Swarm changed since `version_index`."""
        ...

    async def unlock_key(self) -> Secret:
        """Ask for the unlock key; an empty one while autolock is off."""
        ...
