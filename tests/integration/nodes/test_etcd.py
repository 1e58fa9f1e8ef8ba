"""The key store's adapter over a real etcd, and over what is none."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.web import Request, Response, json_response

from apps.nodes.adapters.etcd import Etcd
from apps.nodes.ports import EngineAddress
from apps.nodes.ports.standalone import DiscoverySnapshot
from tests.plugins.etcd import EtcdServer


async def asked(url: str) -> DiscoverySnapshot:
    store = Etcd(EngineAddress(url))
    try:
        return await store.read()
    finally:
        await store.close()
        await store.close()


@pytest.mark.etcd
async def test_members_registrations_and_no_primary_yet(etcd_server: EtcdServer) -> None:
    etcd_server.register("192.0.2.11:2375", "192.0.2.12:2375", ttl_s=60)
    found = await asked(etcd_server.discovery_url)
    (member,) = found.members
    assert (member.name, member.is_healthy, member.is_leader) == ("one", True, True)
    assert member.version.startswith("3.")
    assert member.db_bytes is not None
    assert [one.address for one in found.registrations] == ["192.0.2.11:2375", "192.0.2.12:2375"]
    left_s = [(one.expires_at - found.taken_at).total_seconds() for one in found.registrations]
    assert all(0 < left <= 61 for left in left_s)
    assert (found.primary, found.error) == ("", "")


@pytest.mark.etcd
async def test_a_prefix_is_a_swarm_of_its_own(etcd_server: EtcdServer) -> None:
    etcd_server.register("192.0.2.11:2375")
    assert (await asked(f"{etcd_server.discovery_url}/elsewhere")).registrations == ()


@pytest.mark.etcd
async def test_the_healthy_member_answers_for_one_that_is_away(etcd_server: EtcdServer) -> None:
    etcd_server.register("192.0.2.11:2375")
    found = await asked(f"etcd://127.0.0.1:1,127.0.0.1:{etcd_server.port}")
    away, here = found.members
    assert "cannot be asked" in away.error
    assert here.is_healthy
    assert len(found.registrations) == 1


async def test_without_any_member_it_says_what_that_means() -> None:
    found = await asked("etcd://127.0.0.1:1")
    assert found.error.startswith("No member of the key store is healthy")
    assert "containers go on running" in found.error
    assert found.registrations == ()


async def test_an_address_that_is_none_is_said_in_the_snapshot() -> None:
    assert "etcd://host:2379" in (await asked("nonsense")).error


@asynccontextmanager
async def server(answer: Callable[..., object]) -> AsyncIterator[str]:
    """A server on the loopback that gives every path the same answer."""

    app = web.Application()
    app.router.add_get("/{tail:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"etcd://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_an_etcd_without_v2_keys_is_told_apart() -> None:

    async def without_v2(request: Request) -> Response:
        is_keys = request.path.startswith("/v2/keys")
        return Response(status=404) if is_keys else json_response({"health": "true"})

    async with server(without_v2) as url:
        assert "--enable-v2" in (await asked(url)).error


@pytest.mark.parametrize("body", [b"", b"[]", b"nonsense", b'{"health": []}', b"\xff" * 50])
async def test_garbage_is_an_unhealthy_member(body: bytes) -> None:

    async def garbage(_request: Request) -> Response:
        return Response(body=body)

    async with server(garbage) as url:
        found = await asked(url)
    assert [member.is_healthy for member in found.members] == [False]
    assert found.error
