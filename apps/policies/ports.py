"""What policies ask of the registry, of its files and of its collector.

Every method raises `dce_portal.errors.Unavailable` when there is no answer in time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class RegistryEditPort(Protocol):
    """The registry's API as far as policies need it; the portal's own requests pass no guard."""

    def tag_digest(self, repository: str, tag: str) -> str | None:
        """The digest that a tag points at now; None where there is no such tag."""
        ...

    def config(self, repository: str, digest: str) -> Mapping[str, Any]:
        """An image's configuration; empty where it is none or not there."""
        ...

    def delete_manifest(self, repository: str, digest: str) -> bool:
        """Delete a manifest with all its tags; False when it was gone already."""
        ...

    def untag(self, repository: str, tag: str) -> None:
        """Take one tag off its manifest; other tags of the same manifest stay.

        Interrupted, it may be called again.
        """
        ...

    def finish_untag(self, repository: str, tag: str) -> bool:
        """End what an interrupted `untag` began; False where the tag points at anything of somebody's."""
        ...

    def close(self) -> None:
        """Close the connections; calling it twice does no harm."""
        ...


@dataclass(frozen=True, slots=True)
class StoredManifest:
    """A manifest in a repository's files: when it came, what it names, what it is about."""

    digest: str
    age_s: float
    names: frozenset[str] = frozenset()
    subject: str = ""


class StoragePort(Protocol):
    """The files of an embedded registry."""

    def blob_bytes(self, digest: str) -> int | None:
        """How large a blob really is; None where it is not there."""
        ...

    def total_bytes(self) -> int:
        """All blobs together."""
        ...

    def empty_repositories(self) -> tuple[str, ...]:
        """Repositories that hold no manifest, and into which nothing is being pushed."""
        ...

    def remove_repository(self, name: str) -> None:
        """Remove the files of an empty repository, and of nothing below it."""
        ...

    def manifests(self, repository: str) -> tuple[StoredManifest, ...]:
        """Every manifest of a repository, tagged or not."""
        ...


@dataclass(frozen=True, slots=True)
class Swept:
    """What the collector found: blobs that nothing names, and how much it keeps."""

    digests: tuple[str, ...] = field(default=())
    blobs_kept: int = 0
    manifests_kept: int = 0


Say = Callable[[str], None]
"""Takes one line of the collector's own words, and may raise to stop it."""


class CollectorPort(Protocol):
    """The embedded registry's own collector, and its process."""

    def version(self) -> str:
        """The registry's version, such as 2.8.2."""
        ...

    def sweep(self, *, is_dry_run: bool, say: Say) -> Swept:
        """Mark what is used and delete the rest; a dry run only says what it would delete."""
        ...

    def restart_registry(self) -> None:
        """End the registry's process and start it again; returns once it answers."""
        ...

    def set_read_only(self, *, is_on: bool) -> None:
        """Let the registry be read and nothing more, or let it be written again."""
        ...

    def is_read_only(self) -> bool:
        """Whether the switch is on."""
        ...


def no_lines(_line: str) -> None:
    """Nobody listens."""
