"""A standalone Swarm's etcd over its v2 API: how its members are, who leads the Swarm, which nodes have registered."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from http import HTTPStatus

import aiohttp
import orjson
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.nodes.adapters.engine.http import cause_of
from apps.nodes.adapters.engine.tls import tls_context
from apps.nodes.adapters.etcd.etcd_json import member_of, primary_of, registrations_of
from apps.nodes.ports import EngineAddress
from apps.nodes.ports.standalone import DiscoverySnapshot, StoreMember
from apps.nodes.rules.discovery_url import parse_discovery
from dce_portal.errors import InvalidInput, Unavailable

TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=3, sock_read=5)
MOST_BYTES = 8 * 1024 * 1024


class Etcd:
    """The DiscoveryPort; asks every member, and reads the keys from the first healthy one."""

    def __init__(self, address: EngineAddress) -> None:
        """Take `etcd://…` with the TLS files of the Swarm's managers."""
        self._address = address
        self._session: aiohttp.ClientSession | None = None

    async def read(self) -> DiscoverySnapshot:
        """Ask every member, then one for the Swarm's keys."""
        members: list[StoreMember] = []
        try:
            where = parse_discovery(self._address.url)
            members += await asyncio.gather(*(self._member(url) for url in where.members))
            keys = await self._keys(members, root=where.root)
        except (Unavailable, InvalidInput) as error:
            return DiscoverySnapshot(timezone.now(), tuple(members), error=error.message)
        primary, expires_at = primary_of(keys, root=where.root)
        return DiscoverySnapshot(
            taken_at=timezone.now(),
            members=tuple(members),
            registrations=registrations_of(keys, root=where.root),
            primary=primary,
            primary_expires_at=expires_at,
        )

    async def close(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _member(self, url: str) -> StoreMember:
        """A member that does not answer is one with an error; one that is not healthy answers 503."""
        try:
            health, version, itself, metrics = await asyncio.gather(
                *(self._get(f"{url}{path}") for path in ("/health", "/version", "/v2/stats/self")),
                self._get(f"{url}/metrics"),
            )
        except Unavailable as error:
            return StoreMember(url, error=error.message)
        parts = (_json(health[1]), _json(version[1]), _json(itself[1]))
        return member_of(
            url,
            health=parts[0],
            version=parts[1],
            itself=parts[2],
            metrics=metrics[1].decode("utf-8", "replace"),
        )

    async def _keys(self, members: Sequence[StoreMember], *, root: str) -> object:
        """The Swarm's folder; an empty one where nothing has registered yet."""
        healthy = [member for member in members if member.is_healthy]
        if not healthy:
            raise Unavailable(no_healthy_member(members))
        url = f"{healthy[0].url}/v2/keys/{root}?recursive=true&sorted=true"
        status, body = await self._get(url)
        raw = _json(body)
        if status == HTTPStatus.OK and isinstance(raw, dict):
            return raw
        if isinstance(raw, dict) and raw.get("errorCode") == 100:
            return {}
        raise Unavailable(_no_v2(healthy[0].url, status))

    async def _get(self, url: str) -> tuple[int, bytes]:
        try:
            async with self._open().get(url, allow_redirects=False) as response:
                return response.status, await _read(url, response)
        except TimeoutError:
            raise _unavailable(url, _("it did not answer in time")) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _unavailable(url, cause_of(error)) from error

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            tls = self._address.tls
            connector = aiohttp.TCPConnector(ssl=tls_context(tls) if tls else True, limit=16)
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=TIMEOUT,
                auto_decompress=False,
                headers={"Accept-Encoding": "identity"},
            )
        return self._session


def no_healthy_member(members: Sequence[StoreMember]) -> str:
    """What it means when the key store has lost its majority, in words."""
    causes = " ".join(member.error for member in members if member.error)
    return _(
        "No member of the key store is healthy, so nodes cannot register and the managers cannot choose"
        " a primary; containers go on running. Start the members that are down until more than half of"
        " them answer. %(causes)s"
    ).strip() % {"causes": causes}


def _no_v2(url: str, status: int) -> str:
    return _(
        "The key store at %(url)s does not give its v2 keys (HTTP %(status)s), which a standalone Swarm"
        " needs. Start etcd 3.4 or 3.5 with --enable-v2; later ones have no v2 keys."
    ) % {"url": url, "status": status}


def _unavailable(url: str, cause: str) -> Unavailable:
    return Unavailable(
        _("The key store at %(url)s cannot be asked: %(cause)s.")
        % {"url": "/".join(url.split("/")[:3]), "cause": cause.rstrip(".")}
    )


async def _read(url: str, response: aiohttp.ClientResponse) -> bytes:
    """The whole body, or an error as soon as it is larger than a key store's answer may be."""
    chunks, size = [], 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > MOST_BYTES:
            response.close()
            raise _unavailable(url, _("its answer is too large"))
        chunks.append(chunk)
    return b"".join(chunks)


def _json(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
