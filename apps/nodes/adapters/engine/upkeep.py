"""One engine's disk and lock over its API; these calls take as long as the disk needs."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.utils.translation import gettext as _

from apps.nodes.adapters.engine.disk_json import (
    disk_usage_of,
    pruned_build_cache,
    pruned_containers,
    pruned_images,
    pruned_volumes,
    together,
)
from apps.nodes.adapters.engine.http import EngineHttp
from apps.nodes.ports import EngineAddress
from apps.nodes.ports.upkeep import DiskUsage, PruneResult, PruneWish
from dce_portal.errors import Conflict, InvalidInput
from dce_portal.secret import Secret

READ_TIMEOUT_S = 300.0
FIRST_WITH_NAMED_VOLUMES = (1, 42)
Call = tuple[str, dict[str, str], Callable[[object], PruneResult]]


class EngineUpkeep:
    """The UpkeepPort over HTTP."""

    def __init__(self, address: EngineAddress) -> None:
        """Nothing is opened before the first question."""
        self._http = EngineHttp(address, read_timeout_s=READ_TIMEOUT_S)

    async def disk_usage(self) -> DiskUsage:
        """Measure what the disk holds."""
        return disk_usage_of(await self._http.get("/system/df"))

    async def prune(self, wish: PruneWish) -> PruneResult:
        """Remove what is unused: containers first, since they hold on to images and volumes."""
        version = await self._http.negotiated_version()
        results = [await self._prune(call) for call in calls_of(wish, api_version=version)]
        return together(results)

    async def unlock_swarm(self, key: Secret) -> None:
        """Unlock; the engine answers once it is a manager again."""
        try:
            await self._http.post("/swarm/unlock", params={}, body={"UnlockKey": key.reveal()})
        except Conflict:
            raise Conflict(_("This engine is not locked; nothing was done.")) from None
        except InvalidInput:
            raise InvalidInput(
                _("The engine refused this key; it stays locked. Is it the key of this Swarm?"),
                field="key",
            ) from None

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def _prune(self, call: Call) -> PruneResult:
        path, filters, read = call
        params = {"filters": json.dumps({name: [value] for name, value in filters.items()})}
        if path == "/build/prune":
            params = filters
        try:
            return read(await self._http.post(path, params=params, body=None))
        except Conflict:
            raise Conflict(
                _("The engine is pruning already. Look at its disk usage once it is done.")
            ) from None


def calls_of(wish: PruneWish, *, api_version: str) -> list[Call]:
    """The calls in the order in which one sets free what the next removes."""
    dangling = "false" if wish.unused_images else "true"
    chosen: list[tuple[bool, Call]] = [
        (wish.stopped_containers, ("/containers/prune", {}, pruned_containers)),
        (
            wish.unused_images or wish.dangling_images,
            ("/images/prune", {"dangling": dangling}, pruned_images),
        ),
        (wish.unused_volumes, ("/volumes/prune", _every_volume(api_version), pruned_volumes)),
        (wish.build_cache, ("/build/prune", {"all": "1"}, pruned_build_cache)),
    ]
    return [call for is_wanted, call in chosen if is_wanted]


def _every_volume(api_version: str) -> dict[str, str]:
    """Since API 1.42 named volumes are spared unless asked for; before, they went with the others."""
    major, _dot, minor = api_version.partition(".")
    takes_all = (int(major), int(minor)) >= FIRST_WITH_NAMED_VOLUMES
    return {"all": "true"} if takes_all else {}
