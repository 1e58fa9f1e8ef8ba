"""Who answers for a standalone Swarm: primary and replicas by a real etcd, and TLS with and without verification."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from apps.nodes.adapters.standalone import StandaloneSwarm
from apps.nodes.ports import EngineAddress, TlsFiles
from apps.nodes.ports.standalone import NoPrimary
from dce_portal.errors import Unavailable
from tests.contract.standalone_world import NOWHERE, REFRESH_S
from tests.free_port import free_port
from tests.lab import certificates
from tests.plugins.etcd import EtcdServer
from tests.standins.canned_engine import CannedEngine, canned
from tests.standins.standalone_swarm import Manager
from tests.standins.waiting import wait_until_async

DEAD = "127.0.0.1:1"


@asynccontextmanager
async def running(*managers: Manager) -> AsyncIterator[None]:
    """Managers until the block ends."""
    async with AsyncExitStack() as stack:
        for manager in managers:
            runner = await manager.start()
            stack.push_async_callback(manager.stop, runner)
        yield


@asynccontextmanager
async def adapter(*addresses: EngineAddress) -> AsyncIterator[StandaloneSwarm]:
    """The adapter under test, closed afterwards."""
    port = StandaloneSwarm(addresses)
    try:
        yield port
    finally:
        await port.close()


def manager(**choices: object) -> Manager:
    """One that listens on a port of its own."""
    return Manager(listen=f"127.0.0.1:{free_port()}", refresh_s=REFRESH_S, **choices)


@pytest.mark.etcd
async def test_replicas_without_a_primary_say_so_and_the_next_primary_is_followed(
    etcd_server: EtcdServer,
) -> None:
    engine = CannedEngine("node-1")
    engine.run("web")
    both = [manager(etcd_url=etcd_server.url, leader_ttl_s=2) for _ in range(2)]
    etcd_server.hold_leader(DEAD)
    addresses = [EngineAddress(f"tcp://{one.listen}") for one in both]
    async with canned(engine), running(*both), adapter(*addresses) as port:
        etcd_server.register(engine.address)
        for one in both:
            await wait_until_async(
                lambda one=one: [found.status for found in one.known] == ["Healthy"],
                what="a healthy node",
                timeout_s=30,
            )
        with pytest.raises(NoPrimary, match="up to 20 seconds"):
            await port.read(with_images=False)
        assert {state.role for state in port.managers} == {"replica"}
        etcd_server.release_leader()
        await wait_until_async(
            lambda: any(one.is_primary for one in both), what="a primary", timeout_s=30
        )
        (primary,) = [one for one in both if one.is_primary]
        snapshot = await port.read(with_images=False)
        assert snapshot.cluster.source == f"tcp://{primary.listen}"
        assert [one.name for one in snapshot.parts[0].containers] == ["web"]


@pytest.mark.etcd
async def test_a_replica_alone_passes_on_what_the_primary_knows(etcd_server: EtcdServer) -> None:
    engine = CannedEngine("node-1")
    engine.run("web")
    first = manager(etcd_url=etcd_server.url, leader_ttl_s=30)
    second = manager(etcd_url=etcd_server.url, leader_ttl_s=30)
    async with canned(engine), running(first):
        etcd_server.register(engine.address)
        await wait_until_async(
            lambda: first.is_primary and [one.status for one in first.known] == ["Healthy"],
            what="a primary with a node",
            timeout_s=30,
        )
        async with running(second), adapter(EngineAddress(f"tcp://{second.listen}")) as port:
            await wait_until_async(
                lambda: (
                    second.store is not None
                    and second.store.primary == first.listen
                    and [one.status for one in second.known] == ["Healthy"]
                ),
                what="the replica to know its primary",
                timeout_s=30,
            )
            snapshot = await port.read(with_images=True)
    assert (snapshot.managers[0].role, snapshot.managers[0].primary) == ("replica", first.listen)
    assert [one.name for one in snapshot.parts[0].containers] == ["web"]
    assert len(snapshot.parts[0].counters) == 1


@pytest.fixture
def authority(tmp_path: Path) -> certificates.Authority:
    return certificates.Authority(tmp_path / "tls")


def files_of(authority: certificates.Authority, name: str) -> TlsFiles:
    found = authority.issue(name, "127.0.0.1")
    return TlsFiles(str(found.ca), str(found.certificate), str(found.key))


async def test_a_manager_that_verifies_lets_nobody_else_in(
    authority: certificates.Authority,
) -> None:
    strict = manager(tls=authority.issue("manager", "127.0.0.1").folder)
    files = files_of(authority, "client")
    url = f"tcp://{strict.listen}"
    async with running(strict):
        async with adapter(EngineAddress(url, files)) as port:
            assert (await port.snapshot()).nodes == ()
            assert not port.managers[0].lets_anyone_in
        for wrong in (None, TlsFiles(files.ca, "", ""), TlsFiles("", files.cert, files.key)):
            async with adapter(EngineAddress(url, wrong)) as port:
                with pytest.raises(Unavailable, match="cannot be asked"):
                    await port.snapshot()


async def test_a_manager_with_tls_alone_is_told_of(authority: certificates.Authority) -> None:
    lax = manager(tls=authority.issue("manager", "127.0.0.1").folder, verifies=False)
    addresses = (
        EngineAddress(NOWHERE),
        EngineAddress(f"tcp://{lax.listen}", files_of(authority, "client")),
    )
    async with running(lax), adapter(*addresses) as port:
        await port.snapshot()
        assert [state.lets_anyone_in for state in port.managers] == [False, True]


async def test_a_manager_of_another_authority_is_refused(
    authority: certificates.Authority, tmp_path: Path
) -> None:
    other = certificates.Authority(tmp_path / "other")
    strange = manager(tls=other.issue("manager", "127.0.0.1").folder, verifies=False)
    address = EngineAddress(f"tcp://{strange.listen}", files_of(authority, "client"))
    async with running(strange), adapter(address) as port:
        with pytest.raises(Unavailable, match="not issued by a CA"):
            await port.snapshot()
