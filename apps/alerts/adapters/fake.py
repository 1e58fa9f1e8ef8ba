"""A notifier in memory: targets behave as their path says, and what they took can be looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from apps.alerts.ports.notifier import Address, Message, Receipt
from apps.alerts.rules import problems
from dce_portal.secret import Secret

SLOWEST_MS = 20_000

BEHAVIOURS = {
    "ok": Receipt(status=200, duration_ms=5),
    "hang": Receipt(problem=problems.TIMEOUT, duration_ms=SLOWEST_MS),
    "drip": Receipt(problem=problems.TIMEOUT, duration_ms=SLOWEST_MS),
    "broken": Receipt(problem=problems.STATUS, status=500),
    "busy": Receipt(problem=problems.STATUS, status=429, retry_after_s=17),
    "gone": Receipt(problem=problems.STATUS, status=404, is_permanent=True),
    "moved": Receipt(problem=problems.REDIRECT, status=302, is_permanent=True),
    "close": Receipt(problem=problems.CLOSED),
    "half": Receipt(problem=problems.CLOSED),
    "nobody": Receipt(problem=problems.CONNECT),
}


@dataclass(slots=True)
class FakeNotifier:
    """Remembers what arrived, by address."""

    arrived: list[tuple[Address, Message]] = field(default_factory=list)
    pings: list[str] = field(default_factory=list)
    behaviours: dict[str, Receipt] = field(default_factory=lambda: dict(BEHAVIOURS))

    def send(self, address: Address, message: Message) -> Receipt:
        """As the path behaves."""
        receipt = self._answer(address.url)
        if receipt.is_ok:
            self.arrived.append((address, message))
        return receipt

    def ping(self, url: Secret) -> Receipt:
        """As the path behaves."""
        receipt = self._answer(url)
        if receipt.is_ok:
            self.pings.append(url.reveal())
        return receipt

    def check(self, address: Address) -> Receipt:
        """Whether it looks like an address."""
        known = "://" in address.url.reveal() and not address.url.reveal().startswith("nonsense")
        return Receipt() if known else Receipt(problem=problems.INVALID, is_permanent=True)

    def _answer(self, url: Secret) -> Receipt:
        behaviour = urlsplit(url.reveal()).path.strip("/").partition("/")[0]
        return self.behaviours.get(behaviour, BEHAVIOURS["ok"])
