"""What tells people: one message to one address, within a time that holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from dce_portal.secret import Secret

WEBHOOK = "webhook"
APPRISE = "apprise"


@dataclass(frozen=True, slots=True)
class Address:
    """Where to: a webhook of plain JSON, signed where there is a key, or anything that apprise reaches."""

    protocol: str
    url: Secret
    key: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is told: texts for people, facts for programs, a picture where the way can carry one."""

    title: str
    text: str
    severity: str = "info"
    facts: Mapping[str, Any] = field(default_factory=dict)
    picture: bytes | None = None
    picture_name: str = "usage.png"
    delivery_id: str = ""
    """The same on every attempt, so that a receiver can tell a repetition from news."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """How it went. `problem` is a word of `rules.problems`, empty when the target took the message."""

    problem: str = ""
    detail: str = ""
    status: int | None = None
    retry_after_s: int | None = None
    is_permanent: bool = False
    duration_ms: int = 0

    @property
    def is_ok(self) -> bool:
        """Whether the target took it."""
        return not self.problem


class NotifierPort(Protocol):
    """Tells one address. Nothing raises: a receipt says what went wrong, and whether another try can help.

    Each call blocks for at most the notifier's time limit, whatever the target does, and goes to no address
    that the operator closed. Redirects are not followed. No call tries twice by itself.
    """

    def send(self, address: Address, message: Message) -> Receipt:
        """Hand the message over."""
        ...

    def ping(self, url: Secret) -> Receipt:
        """Ask an address with a bare GET, as watchers of heartbeats want it."""
        ...

    def check(self, address: Address) -> Receipt:
        """Whether the address can be understood, without asking anybody."""
        ...
