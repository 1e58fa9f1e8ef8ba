"""What the app asks of the outside: what another registry holds, and that an image be copied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from dce_portal.secret import Secret

# What is not carried by then is left to the next run; whatever a run uses lasts longer than that.
LONGEST_RUN_S: Final = 1500.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A registry as a copying program reaches it; `host` may carry a port."""

    host: str
    is_tls: bool = False
    username: str = ""
    password: Secret | None = None
    ca_pem: str = ""


@dataclass(frozen=True, slots=True)
class CopyJob:
    """One image, from a repository's tag to another's, whole: every platform, the same digests."""

    source: Place
    source_name: str
    target: Place
    target_name: str


class CopierPort(Protocol):
    """Copies images, and reads what one is before it is copied."""

    def copy(self, job: CopyJob, *, is_wanted: Callable[[], bool]) -> None:
        """Copy; Unavailable with what the program said when it could not.

        Asks `is_wanted` about every second, and ends early with Unavailable once it says no.
        """
        ...

    def manifest(self, place: Place, name: str) -> bytes:
        """The manifest of one image, as it is; Unavailable when it cannot be read."""
        ...

    def config(self, place: Place, name: str) -> bytes:
        """The configuration of one image, as it is; Unavailable when it cannot be read."""
        ...


class RemotePort(Protocol):
    """What another registry holds; Unavailable when it does not answer or refuses."""

    def repositories(self) -> Iterator[str]:
        """Every repository that it lists."""
        ...

    def tags(self, repository: str) -> tuple[str, ...]:
        """A repository's tags; empty where there is none."""
        ...

    def digest_of(self, repository: str, tag: str) -> str | None:
        """What a tag points at; None where there is none."""
        ...
