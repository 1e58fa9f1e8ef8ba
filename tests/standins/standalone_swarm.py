"""A stand-in for `swarm manage`, which no package has any more: ``python -m tests.standins.standalone_swarm``.

It answers in the shapes of a real manager 1.2.9 over engines that are real or canned, is primary or replica
by a key in a real etcd, and fails as a replica does while there is no primary.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from tests.standins import swarm_answers
from tests.standins.managed_engine import ManagedEngine
from tests.standins.swarm_store import SwarmStore
from tests.standins.turned_line import carry

VERSIONED = re.compile(r"/v(\d+)\.(\d+)(/.*)")
OF_CONTAINER = re.compile(r"/containers/(.+)/(json|stats|logs|top|exec)")
OF_EXEC = re.compile(r"/exec/([0-9a-f]+)/(?:start|resize|json)")
NEWEST = (1, 40)
NOT_PASSED_ON = {"Transfer-Encoding", "Content-Length", "Content-Encoding", "Connection", "Date"}


@dataclass
class Manager:
    """One `swarm manage`."""

    listen: str
    addresses: tuple[str, ...] = ()
    etcd_url: str = ""
    tls: Path | None = None
    verifies: bool = True
    plain: bool = False
    """Speaks to engines over TLS, and to clients without."""
    refresh_s: float = 0.5
    leader_ttl_s: int = 4
    engines: dict[str, ManagedEngine] = field(default_factory=dict)
    store: SwarmStore | None = None
    session: aiohttp.ClientSession = field(init=False)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    execs: dict[str, ManagedEngine] = field(default_factory=dict)

    @property
    def is_primary(self) -> bool:
        """Always so without a key store."""
        return self.store is None or self.store.is_primary

    @property
    def known(self) -> list[ManagedEngine]:
        """The engines by address, as lists show them."""
        return [self.engines[address] for address in sorted(self.engines)]

    async def start(self) -> web.AppRunner:
        """Listen, follow the key store, ask the engines."""
        self.session = aiohttp.ClientSession(connector=self._connector())
        if self.etcd_url:
            self.store = SwarmStore(self.etcd_url, self.listen, self.leader_ttl_s, self.session)
            self.tasks.append(asyncio.create_task(self.store.campaign_for_ever()))
        self.tasks.append(asyncio.create_task(self._discover_for_ever()))
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self.answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        host, _colon, port = self.listen.rpartition(":")
        await web.TCPSite(runner, host, int(port), ssl_context=self._listener()).start()
        return runner

    async def stop(self, runner: web.AppRunner) -> None:
        """Close everything."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for engine in self.engines.values():
            await engine.stop()
        await runner.cleanup()
        await self.session.close()

    def connector_tls(self) -> ssl.SSLContext | None:
        """How engines and other managers are spoken to."""
        if self.tls is None:
            return None
        context = ssl.create_default_context(cafile=str(self.tls / "ca.pem"))
        context.load_cert_chain(self.tls / "cert.pem", self.tls / "key.pem")
        return context

    def _connector(self) -> aiohttp.TCPConnector:
        tls = self.connector_tls()
        return aiohttp.TCPConnector(limit=0, ssl=True if tls is None else tls)

    def _listener(self) -> ssl.SSLContext | None:
        if self.tls is None or self.plain:
            return None
        context = ssl.create_default_context(
            ssl.Purpose.CLIENT_AUTH, cafile=str(self.tls / "ca.pem")
        )
        context.load_cert_chain(self.tls / "cert.pem", self.tls / "key.pem")
        context.verify_mode = ssl.CERT_REQUIRED if self.verifies else ssl.CERT_NONE
        return context

    async def _discover_for_ever(self) -> None:
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                found = await self.store.nodes() if self.store else list(self.addresses)
                await self._adopt(found)
            await asyncio.sleep(self.refresh_s)

    async def _adopt(self, addresses: Sequence[str]) -> None:
        for address in set(self.engines) - set(addresses):
            await self.engines.pop(address).stop()
        for address in addresses:
            if address not in self.engines:
                scheme = "https" if self.tls else "http"
                base = f"{scheme}://{address}"
                engine = ManagedEngine(address, base, self.session, self.refresh_s)
                self.engines[address] = engine
                engine.start()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """What a replica answers itself, else what the primary does."""
        version, path = split(request.path)
        if path == "/_ping":
            return web.Response(text="OK")
        if path == "/info":
            role = "primary" if self.is_primary else "replica"
            primary = self.store.primary if self.store else ""
            return web.json_response(
                swarm_answers.info(self.known, role=role, primary=primary, version=version)
            )
        if not self.is_primary:
            return await self._from_primary(request)
        return await self._as_primary(request, path)

    async def _as_primary(self, request: web.Request, path: str) -> web.StreamResponse:
        nodes = swarm_answers.nodes_filter(request.query.get("filters", ""))
        if path == "/version":
            return web.json_response(swarm_answers.VERSION)
        if (match := OF_EXEC.fullmatch(path)) and match[1] in self.execs:
            return await self._pass_on(request, f"{self.execs[match[1]].base_url}{request.path}")
        if match := OF_CONTAINER.fullmatch(path):
            return await self._container(request, match[1], match[2])
        if path == "/events":
            return await self._events(request)
        return self._listed(request, path, nodes)

    def _listed(self, request: web.Request, path: str, nodes: Any) -> web.Response:
        if path == "/containers/json":
            everything = request.query.get("all") in {"1", "true"}
            return web.json_response(
                swarm_answers.containers(self.known, everything=everything, nodes=nodes)
            )
        if path == "/images/json":
            return web.json_response(swarm_answers.images(self.known, nodes=nodes))
        return web.Response(status=404, text="404 page not found\n")

    async def _container(self, request: web.Request, name: str, what: str) -> web.StreamResponse:
        found = [(one, one.find(name)) for one in self.known if one.find(name)]
        if not found or found[0][1] is None:
            return web.json_response({"message": f"No such container: {name}"}, status=404)
        engine, container = found[0]
        if not engine.is_healthy:
            text = f"Container {name} running on unhealthy node {engine.name}\n"
            return web.Response(status=500, text=text)
        if what == "json":
            inspected = await engine.get(f"/containers/{container['Id']}/json")
            return web.json_response({**inspected, "Node": engine.node})
        prefix = request.path.partition("/containers/")[0]
        path = f"{prefix}/containers/{container['Id']}/{what}"
        answer = await self._pass_on(request, f"{engine.base_url}{path}")
        if what == "exec" and isinstance(answer, web.Response):
            self.execs[json.loads(answer.body or b"{}").get("Id", "")] = engine
        return answer

    async def _from_primary(self, request: web.Request) -> web.StreamResponse:
        primary = self.store.primary if self.store else ""
        if not primary:
            return web.Response(status=500, text="No elected primary cluster manager\n")
        scheme = "https" if self.tls else "http"
        try:
            return await self._pass_on(request, f"{scheme}://{primary}{request.path}")
        except (aiohttp.ClientError, OSError) as error:
            text = f"Unable to reach primary cluster manager ({error}): {primary}\n"
            return web.Response(status=500, text=text)

    async def _pass_on(self, request: web.Request, url: str) -> web.StreamResponse:
        if request.headers.get("Upgrade"):
            return await carry(request, url, tls=self.connector_tls())
        timeout = aiohttp.ClientTimeout(total=None)
        async with self.session.request(
            request.method,
            url,
            params=request.query,
            data=await request.read() or None,
            headers={"Content-Type": request.content_type},
            timeout=timeout,
        ) as answer:
            if request.method == "POST":
                return web.Response(
                    status=answer.status,
                    body=await answer.read(),
                    content_type="application/json",
                )
            headers = {k: v for k, v in answer.headers.items() if k not in NOT_PASSED_ON}
            response = web.StreamResponse(status=answer.status, headers=headers)
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
            return response

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        streams = [self._engine_events(engine, response) for engine in self.known]
        await asyncio.gather(*streams, return_exceptions=True)
        return response

    async def _engine_events(self, engine: ManagedEngine, response: web.StreamResponse) -> None:
        """An engine ends each event with a line; the manager puts nothing between."""
        timeout = aiohttp.ClientTimeout(total=None)
        async with self.session.get(f"{engine.base_url}/v1.40/events", timeout=timeout) as stream:
            async for line in stream.content:
                if line.strip():
                    passed = swarm_answers.event(engine, json.loads(line))
                    await response.write(json.dumps(passed).encode())


def split(path: str) -> tuple[tuple[int, int], str]:
    """The version that a client asks in, and the path without it."""
    match = VERSIONED.fullmatch(path)
    return ((int(match[1]), int(match[2])), match[3]) if match else (NEWEST, path)


def arguments() -> argparse.Namespace:
    """The program's flags."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listen", required=True, help="host:port, advertised as well")
    parser.add_argument("--etcd", default="", help="http://host:2379")
    parser.add_argument("--nodes", default="", help="addresses, where there is no etcd")
    parser.add_argument("--tls", type=Path, help="folder of ca.pem, cert.pem and key.pem")
    parser.add_argument("--no-verify", action="store_true", help="ask for no certificates")
    parser.add_argument("--leader-ttl-s", type=int, default=4)
    return parser.parse_args()


async def main(said: argparse.Namespace) -> None:
    """Serve until the process ends."""
    manager: Any = Manager(
        listen=said.listen,
        addresses=tuple(filter(None, said.nodes.split(","))),
        etcd_url=said.etcd,
        tls=said.tls,
        verifies=not said.no_verify,
        leader_ttl_s=said.leader_ttl_s,
    )
    await manager.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(arguments()))
