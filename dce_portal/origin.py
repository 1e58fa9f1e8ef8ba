"""Who asks for something, from where and with which credential: what services pass on to audit and operations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser
    from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Origin:
    """The person (None for the portal itself), the client's address and the credential's name."""

    actor: AbstractBaseUser | None = None
    address: str | None = None
    credential: str = "portal"
    label: str = ""
    """The name under which somebody acts who is no person, such as a robot, or whose name nobody has."""

    @property
    def actor_label(self) -> str:
        """The person's user name as it stays in the records, even after the person is gone."""
        return self.actor.get_username() if self.actor is not None else self.label or "portal"

    @classmethod
    def of_request(cls, request: HttpRequest) -> Origin:
        """Read the signed-in person; the front has already replaced a spoofed address."""
        user = getattr(request, "user", None)
        actor = user if user is not None and user.is_authenticated else None
        token = getattr(request, "auth", None)
        credential = str(token) if token is not None else "session"
        return cls(actor=actor, address=client_address(request), credential=credential)


PORTAL = Origin()


def client_address(request: HttpRequest) -> str | None:
    """The client's address: nginx speaks over a unix socket and sets X-Real-IP itself."""
    forwarded: str | None = request.META.get("HTTP_X_REAL_IP")
    remote: str | None = request.META.get("REMOTE_ADDR")
    return forwarded or remote or None
