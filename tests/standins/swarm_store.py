"""The stand-in manager's side of etcd: which nodes have registered, and who is primary."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any

import aiohttp

FOLDER = "/v2/keys/docker/swarm"


@dataclass
class SwarmStore:
    """A candidate for the leader's key, which lapses after `ttl_s`."""

    etcd_url: str
    advertise: str
    ttl_s: int
    session: aiohttp.ClientSession
    primary: str = ""

    @property
    def is_primary(self) -> bool:
        """Whether this manager holds the key."""
        return self.primary == self.advertise

    async def nodes(self) -> list[str]:
        """The registered addresses."""
        found = (await self._ask("GET", "/nodes")).get("node", {}).get("nodes", [])
        return sorted(str(key["value"]) for key in found)

    async def campaign_for_ever(self) -> None:
        """Hold the key, or take it once it is free."""
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                await self._campaign()
            await asyncio.sleep(self.ttl_s / 4)

    async def _campaign(self) -> None:
        wish = {"value": self.advertise, "ttl": str(self.ttl_s)}
        hold = {"prevValue": self.advertise} if self.is_primary else {"prevExist": "false"}
        await self._ask("PUT", "/leader", {**wish, **hold})
        self.primary = str((await self._ask("GET", "/leader")).get("node", {}).get("value", ""))

    async def _ask(
        self, method: str, path: str, form: dict[str, str] | None = None
    ) -> dict[str, Any]:
        timeout = aiohttp.ClientTimeout(total=5)
        url = f"{self.etcd_url}{FOLDER}{path}"
        async with self.session.request(method, url, data=form, timeout=timeout) as response:
            return dict(await response.json(content_type=None))
