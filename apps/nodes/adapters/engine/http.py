"""A thin HTTP client of one engine's API: unix socket or TCP with TLS, negotiated version, limits on time and size."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
import orjson
from django.utils.translation import gettext as _

from apps.nodes.adapters.engine.engine_json import locked_sentence
from apps.nodes.adapters.engine.tls import tls_context
from apps.nodes.adapters.engine.tls_refusal import refusal_in_words
from apps.nodes.adapters.json_facts import Facts
from apps.nodes.ports import EngineAddress
from apps.nodes.ports.streams import NotLetThrough
from apps.nodes.ports.swarm import NoLeader, SwarmLocked
from dce_portal.errors import Conflict, InvalidInput, NotFound, PortalError, Unavailable

NEWEST_API = (1, 51)
CONNECT_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 5.0
TOTAL_PER_READ = 4
MOST_BYTES = 32 * 1024 * 1024
OUT_OF_SEQUENCE = "update out of sequence"
NO_LEADER = "does not have a leader"
LOCKED = "needs to be unlocked"
WRONG_KEY = "invalid key"
# Of a stream that is silent for ever nobody hears when the other machine is gone, unless TCP asks.
KEEP_ALIVE = {"TCP_KEEPIDLE": 20, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}


class EngineHttp:
    """Keeps its connections and the negotiated version until `close`; used inside one event loop."""

    def __init__(
        self,
        address: EngineAddress,
        *,
        most_bytes: int = MOST_BYTES,
        read_timeout_s: float = READ_TIMEOUT_S,
    ) -> None:
        """Remember the address; nothing is opened yet."""
        self.address = address
        self.api_version = ""
        self._most_bytes = most_bytes
        self._read_timeout_s = read_timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def get(self, path: str, **params: str) -> object:
        """Read one resource; the answer is parsed JSON."""
        return await self._ask("GET", path, params=params)

    async def get_as(self, version: str, path: str, **params: str) -> object:
        """Read one resource in a version of the API that a Swarm's manager passes on to the engine behind it."""
        return await self._send("GET", f"/v{version}{path}", params, None)

    async def post(self, path: str, *, params: Mapping[str, str], body: object) -> object:
        """Write one resource; never repeated by this client."""
        return await self._ask("POST", path, params=params, body=body)

    async def raw(self, method: str, path: str, *, params: Mapping[str, str]) -> bytes:
        """Ask for what is not one JSON document: a container's log, the steps of a pull, nothing at all."""
        version = await self.negotiated_version()
        return await self._fetch(method, f"/v{version}{path}", params, None)

    @asynccontextmanager
    async def stream(
        self, path: str, *, params: Mapping[str, str], silence_s: float | None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """An answer that is read as it comes; `silence_s` is how long nothing may come, None for ever."""
        version = await self.negotiated_version()
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT_TIMEOUT_S, sock_read=silence_s
        )
        try:
            async with self._open().get(
                f"/v{version}{path}",
                params=params,
                timeout=timeout,
                allow_redirects=False,
                server_hostname=self.address.server_name or None,
            ) as response:
                if response.status >= 300:
                    raise self.refusal(response.status, path, await self._read(response))
                keep_alive(response.connection and response.connection.transport)
                yield response
        except TimeoutError:
            raise self._unavailable(_("it did not answer in time")) from None
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            raise self._unavailable(cause_of(error)) from error

    async def delete(self, path: str, **params: str) -> object:
        """Remove one resource; never repeated by this client."""
        return await self._ask("DELETE", path, params=params)

    async def negotiated_version(self) -> str:
        """The API version that both sides know; asked once, and again after a failure."""
        if not self.api_version:
            self.api_version = choose_version(await self._send("GET", "/version", {}, None))
        return self.api_version

    async def close(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _ask(
        self, method: str, path: str, *, params: Mapping[str, str], body: object = None
    ) -> object:
        try:
            version = await self.negotiated_version()
            return await self._send(method, f"/v{version}{path}", params, body)
        except Unavailable:
            self.api_version = ""
            raise

    async def _send(
        self, method: str, path: str, params: Mapping[str, str], body: object
    ) -> object:
        return self._parsed(await self._fetch(method, path, params, body))

    async def _fetch(
        self, method: str, path: str, params: Mapping[str, str], body: object
    ) -> bytes:
        session = self._open()
        data = None if body is None else orjson.dumps(body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            async with session.request(
                method,
                path,
                params=params,
                data=data,
                headers=headers,
                allow_redirects=False,
                server_hostname=self.address.server_name or None,
            ) as response:
                return self._checked(response.status, path, await self._read(response))
        except TimeoutError:
            raise self._unavailable(_("it did not answer in time")) from None
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            raise self._unavailable(cause_of(error)) from error

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        """The whole body, or an error as soon as it is larger than an engine's answer may be."""
        chunks, size = [], 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > self._most_bytes:
                response.close()
                limit_mib = self._most_bytes // 2**20
                reason = _("its answer is larger than %(limit)s MiB") % {"limit": limit_mib}
                raise self._unavailable(reason)
            chunks.append(chunk)
        return b"".join(chunks)

    def _checked(self, status: int, path: str, content: bytes) -> bytes:
        if status >= 300:
            raise self.refusal(status, path, content)
        return content

    def _parsed(self, content: bytes) -> object:
        if not content.strip():
            return None
        try:
            return orjson.loads(content)
        except orjson.JSONDecodeError:
            raise self._unavailable(_("its answer is not a Docker engine's")) from None

    def refusal(self, status: int, path: str, content: bytes) -> PortalError:
        """The error that an engine's refusal means."""
        message = _message_of(content)
        said = message or _plain_text(content) or f"HTTP {status}"
        if status == 404:
            return self._not_found(said)
        if status == 403 and message:
            return NotLetThrough(self._unavailable(_answered(said, path)).message, permanent=True)
        if (of_swarm := _swarm_refusal(message)) is not None:
            return of_swarm
        if status == 409 or OUT_OF_SEQUENCE in message:
            return Conflict(
                _("It changed meanwhile. Nothing was written; look at it again and repeat.")
            )
        if status == 400 and message and "version" not in message:
            return InvalidInput(_("The engine refused the values: %(said)s") % {"said": said})
        return self._unavailable(_answered(said, path))

    def _not_found(self, said: str) -> NotFound:
        return NotFound(
            _("The engine at %(url)s does not know it: %(said)s")
            % {"url": self.address.url, "said": said}
        )

    def _unavailable(self, cause: str) -> Unavailable:
        return Unavailable(
            _("The engine at %(url)s cannot be asked: %(cause)s.")
            % {"url": self.address.url, "cause": cause.rstrip(".")}
        )

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            try:
                connector, base = connector_of(self.address)
            except (OSError, ValueError) as error:
                raise self._unavailable(cause_of(error)) from error
            timeout = aiohttp.ClientTimeout(
                total=TOTAL_PER_READ * self._read_timeout_s,
                sock_connect=CONNECT_TIMEOUT_S,
                sock_read=self._read_timeout_s,
            )
            self._session = aiohttp.ClientSession(
                base, connector=connector, timeout=timeout, auto_decompress=False
            )
        return self._session


def _answered(said: str, path: str) -> str:
    return _("it answered “%(said)s” to %(path)s") % {"said": said, "path": path}


def keep_alive(transport: asyncio.BaseTransport | None) -> None:
    """Let TCP notice within a minute that the other side is gone; a unix socket knows at once."""
    found = None if transport is None else transport.get_extra_info("socket")
    if found is None or found.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEP_ALIVE.items():
        found.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _swarm_refusal(message: str) -> PortalError | None:
    """What a manager says of its Swarm's own state, whatever status comes with it."""
    if NO_LEADER in message:
        return NoLeader(
            _(
                "The Swarm has no leader: too few of its managers reach each other. Tasks that run go on,"
                " but nothing can be placed, changed or joined. Bring managers back; where they are gone for"
                " good, run on one that is left: docker swarm init --force-new-cluster"
            )
        )
    if LOCKED in message:
        return SwarmLocked(locked_sentence())
    return InvalidInput(message) if WRONG_KEY in message else None


def connector_of(address: EngineAddress) -> tuple[aiohttp.BaseConnector, str]:
    """The way to an address, and the base of its URLs; the caller bounds how many calls run at once."""
    parts = urlsplit(address.url)
    if parts.scheme == "unix":
        return aiohttp.UnixConnector(path=parts.path, limit=0), "http://engine"
    if address.tls is None:
        return aiohttp.TCPConnector(limit=0), f"http://{parts.netloc}"
    return aiohttp.TCPConnector(limit=0, ssl=tls_context(address.tls)), f"https://{parts.netloc}"


def choose_version(raw: object) -> str:
    """The newest version that both know; an engine that demands a newer one than ours gets its least."""
    version = Facts(raw)
    theirs, least = _pair(version.text("ApiVersion")), _pair(version.text("MinAPIVersion"))
    if theirs == (0, 0):
        raise Unavailable(
            _("What answers there is not a Docker engine. What was known of it is kept.")
        )
    major, minor = max(min(theirs, NEWEST_API), least)
    return f"{major}.{minor}"


def _pair(text: str) -> tuple[int, int]:
    major, _dot, minor = text.partition(".")
    if not (major.isascii() and minor.isascii() and major.isdigit() and minor.isdigit()):
        return (0, 0)
    return (int(major), int(minor))


def _message_of(content: bytes) -> str:
    try:
        return Facts(orjson.loads(content)).text("message", most=500)
    except orjson.JSONDecodeError:
        return ""


def _plain_text(content: bytes) -> str:
    """The one line that something which is no engine may say, such as a TLS server to plain HTTP."""
    text = content[:200].decode("utf-8", "replace").strip()
    return text if text.isprintable() and not text.startswith("<") else ""


def cause_of(error: BaseException) -> str:
    """The system's or the library's own words for what went wrong, never empty."""
    if in_words := refusal_in_words(error):
        return in_words
    inner = getattr(error, "os_error", None) or error
    text = getattr(inner, "strerror", None) or str(inner) or type(error).__name__
    return str(text)[:300]
