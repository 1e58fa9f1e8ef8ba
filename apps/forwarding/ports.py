"""What the app asks of the outside: somebody who takes audit entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

Record = Mapping[str, Any]


class SinkPort(Protocol):
    """Takes entries in their order; never raises for what the receiver or the network does."""

    def send(self, records: Sequence[Record]) -> str:
        """Send all of them; the answer is empty when they were taken, and else says why not."""
        ...
