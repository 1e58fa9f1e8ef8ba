"""What the app asks of the outside: one message to one address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from dce_portal.secret import Secret


@dataclass(frozen=True, slots=True)
class HookMessage:
    """What is sent where; `delivery_id` is the same on every attempt."""

    url: str
    key: Secret
    delivery_id: str
    kind: str
    body: bytes


@dataclass(frozen=True, slots=True)
class HookAnswer:
    """How it went: `problem` is a word of `rules.problems`, empty when there was an answer."""

    status: int | None = None
    excerpt: str = ""
    problem: str = ""
    retry_after_s: float | None = None
    duration_ms: int = 0


class HookPort(Protocol):
    """Sends one message. Never raises, follows no redirect, ends within a bounded time."""

    def send(self, message: HookMessage) -> HookAnswer:
        """Send it and tell how it was answered."""
        ...
