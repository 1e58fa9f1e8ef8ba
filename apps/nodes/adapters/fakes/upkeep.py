"""An in-memory twin of an engine's disk and lock."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from apps.nodes.ports.upkeep import DiskShare, DiskUsage, PruneResult, PruneWish
from dce_portal.errors import Conflict, InvalidInput, Unavailable
from dce_portal.secret import Secret


@dataclass(slots=True)
class FakeUpkeep:
    """The UpkeepPort in memory; `error` is the sentence with which it refuses to answer."""

    usage: DiskUsage = field(default_factory=DiskUsage)
    key: str = ""
    """What unlocks it; empty while it is not locked."""
    error: str = ""
    is_closed: bool = False

    async def disk_usage(self) -> DiskUsage:
        """What it was made to hold."""
        self._answering()
        return self.usage

    async def prune(self, wish: PruneWish) -> PruneResult:
        """Take away all that is unused of the chosen kinds."""
        self._answering()
        gone: dict[str, DiskShare] = {kind: getattr(self.usage, kind) for kind in kinds_of(wish)}
        left: dict[str, Any] = {kind: _without(share) for kind, share in gone.items()}
        self.usage = replace(self.usage, **left)
        return PruneResult(
            freed_bytes=sum(share.free_bytes for share in gone.values()),
            containers=gone.get("containers", DiskShare()).free_count,
            images=gone.get("images", gone.get("dangling_images", DiskShare())).free_count,
            volumes=gone.get("volumes", DiskShare()).free_count,
            build_cache=gone.get("build_cache", DiskShare()).free_count,
        )

    async def unlock_swarm(self, key: Secret) -> None:
        """Take the right key once."""
        self._answering()
        if not self.key:
            raise Conflict("This engine is not locked; nothing was done.")
        if key.reveal() != self.key:
            raise InvalidInput("The engine refused this key; it stays locked.", field="key")
        self.key = ""

    async def close(self) -> None:
        """Remember that it was closed."""
        self.is_closed = True

    def _answering(self) -> None:
        if self.error:
            raise Unavailable(self.error)


def kinds_of(wish: PruneWish) -> list[str]:
    """Which shares of the disk a wish is about."""
    images = "images" if wish.unused_images else "dangling_images"
    chosen = {
        "containers": wish.stopped_containers,
        images: wish.unused_images or wish.dangling_images,
        "volumes": wish.unused_volumes,
        "build_cache": wish.build_cache,
    }
    return [kind for kind, is_chosen in chosen.items() if is_chosen]


def _without(share: DiskShare) -> DiskShare:
    return DiskShare(share.count - share.free_count, share.size_bytes - share.free_bytes)
