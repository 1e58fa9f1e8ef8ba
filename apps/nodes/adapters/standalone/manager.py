"""One manager's address of a standalone Swarm: who answers there, and whether anybody could ask it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from apps.nodes.adapters.engine import EngineHttp
from apps.nodes.adapters.standalone.standalone_json import SwarmInfo, swarm_info_of
from apps.nodes.ports import EngineAddress
from apps.nodes.ports.standalone import ManagerState
from dce_portal.errors import PortalError

# A replica answers this itself, and passes even /version on to a primary that may be gone.
INFO_API = "1.22"


@dataclass(frozen=True, slots=True)
class Answer:
    """A manager that answered, with what it said."""

    http: EngineHttp
    state: ManagerState
    info: SwarmInfo


class Manager:
    """Keeps the connections to one manager."""

    def __init__(self, address: EngineAddress) -> None:
        """Nothing is opened before the first question."""
        self.address = address
        self.http = EngineHttp(address)
        self._lets_anyone_in: bool | None = None

    async def ask(self) -> Answer | ManagerState:
        """Its `/info`, which primary and replicas give themselves; the error's state when it does not answer."""
        try:
            info = swarm_info_of(await self.http.get_as(INFO_API, "/info"))
        except PortalError as error:
            return ManagerState(self.address.url, error=error.message)
        state = ManagerState(
            url=self.address.url,
            role=info.role,
            primary=info.primary,
            version=info.version,
            api_version=self.http.api_version,
            lets_anyone_in=await self._is_open(),
        )
        return Answer(self.http, state, info)

    async def close(self) -> None:
        """Close the connections."""
        await self.http.close()

    async def _is_open(self) -> bool:
        """Whether it answers without a client's certificate, as with --tls alone; tried once."""
        if self._lets_anyone_in is None:
            self._lets_anyone_in = await _answers_strangers(self.address)
        return self._lets_anyone_in


async def _answers_strangers(address: EngineAddress) -> bool:
    if address.tls is None or not address.tls.cert:
        return True
    stranger = EngineHttp(replace(address, tls=replace(address.tls, cert="", key="")))
    try:
        await stranger.get_as(INFO_API, "/info")
    except PortalError:
        return False
    finally:
        await stranger.close()
    return True
