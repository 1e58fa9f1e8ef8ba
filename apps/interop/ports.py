"""What the app asks of the outside: a store that takes samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class WriteAnswer:
    """What the receiver said; status 0 is no answer at all."""

    status: int
    said: str = ""
    retry_after: str | None = None


class WriterPort(Protocol):
    """Sends one remote-write message; never raises for what the receiver or the network does."""

    def send(self, message: bytes) -> WriteAnswer:
        """Send the protobuf message and tell how it was answered."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...
