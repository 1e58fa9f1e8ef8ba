"""What the portal asks of one engine's upkeep: what its disk holds, what may go, and its lock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Protocol, Self

from dce_portal.secret import Secret


@dataclass(frozen=True, slots=True)
class DiskShare:
    """One kind of thing on an engine's disk; `free_bytes` is at least what removing the unused ones frees."""

    count: int = 0
    size_bytes: int = 0
    free_count: int = 0
    free_bytes: int = 0


@dataclass(frozen=True, slots=True)
class VolumeInfo:
    """One volume on one engine; engines tell sizes only when asked to measure, and -1 where they did not."""

    native_id: str
    driver: str
    size_bytes: int | None


@dataclass(frozen=True, slots=True)
class DiskUsage:
    """What an engine's disk holds (`GET /system/df`)."""

    images: DiskShare = DiskShare()
    dangling_images: DiskShare = DiskShare()
    containers: DiskShare = DiskShare()
    volumes: DiskShare = DiskShare()
    build_cache: DiskShare = DiskShare()
    unused_images: tuple[str, ...] = ()
    """Tags and digests of the images that no container here uses."""
    unused_volumes: tuple[str, ...] = ()
    every_volume: tuple[VolumeInfo, ...] = field(default=(), compare=False)
    """Rows of their own keep them."""

    def as_columns(self) -> dict[str, Any]:
        """As the database keeps it."""
        columns = asdict(self)
        del columns["every_volume"]
        return columns

    @classmethod
    def from_columns(cls, kept: Mapping[str, Any]) -> Self:
        """As it was kept; what is missing counts as nothing."""
        names = {known.name for known in fields(cls)} & kept.keys()
        return cls(**{name: _as_it_was(kept[name]) for name in names})


def _as_it_was(value: Any) -> Any:  # noqa: ANN401 - a share or a list of names, as JSON has it
    return DiskShare(**value) if isinstance(value, dict) else tuple(value)


@dataclass(frozen=True, slots=True)
class PruneWish:
    """Which unused things to remove; volumes hold data, so nothing removes them unasked."""

    stopped_containers: bool = False
    dangling_images: bool = False
    unused_images: bool = False
    build_cache: bool = False
    unused_volumes: bool = False

    @property
    def is_empty(self) -> bool:
        """True when nothing was chosen."""
        return not any(asdict(self).values())


@dataclass(frozen=True, slots=True)
class PruneResult:
    """What went, and how much room that made."""

    freed_bytes: int = 0
    containers: int = 0
    images: int = 0
    volumes: int = 0
    build_cache: int = 0
    names: tuple[str, ...] = field(default=())
    """Untagged images and removed volumes by name."""


class UpkeepPort(Protocol):
    """One engine's disk and lock; calls may take minutes."""

    async def disk_usage(self) -> DiskUsage:
        """Measure what the disk holds; the engine walks through all of it."""
        ...

    async def prune(self, wish: PruneWish) -> PruneResult:
        """Remove what is unused now; Conflict while the engine prunes already."""
        ...

    async def unlock_swarm(self, key: Secret) -> None:
        """Unlock a locked manager; InvalidInput for a wrong key, Conflict when it is not locked."""
        ...

    async def close(self) -> None:
        """Close the connections; calling it twice does no harm."""
        ...
