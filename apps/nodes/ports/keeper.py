"""What the portal asks of the part of an agent that keeps its key and certificates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class KeptCertificate:
    """What an agent bears, and which CAs it trusts the controller by (SHA-256 of each)."""

    name: str
    serial_hex: str
    expires_at: datetime
    authorities: frozenset[str]


class AgentKeeperPort(Protocol):
    """The part of an agent that keeps its key and certificates; the key never leaves the node.

    What the agent refuses is `Unavailable` with its own sentence and `permanent`.
    """

    async def certificate(self) -> KeptCertificate:
        """Ask what is in use."""
        ...

    async def request(self) -> str:
        """Have a new key made, kept aside until its certificate comes; the request for it (PEM)."""
        ...

    async def install(self, *, certificate_pem: str, ca_pem: str) -> None:
        """Take a certificate for the new or the present key into use, and trust these CAs."""
        ...

    async def trust(self, ca_pem: str) -> None:
        """Trust these CAs; one of them must have issued what the controller shows now."""
        ...

    async def close(self) -> None:
        """Close the connections; calling it twice does no harm."""
        ...
