"""The questions to a standalone Swarm as the poll worker asks them: what is written, and when the next one comes."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.utils import timezone

from apps.nodes import backends
from apps.nodes.models import Cluster, Node
from apps.nodes.polling import standalone
from apps.nodes.polling.standalone import DiscoveryAsker, standalone_asker_of
from apps.nodes.ports import ClusterSnapshot, EngineAddress
from apps.nodes.ports.standalone import (
    DiscoverySnapshot,
    ManagerState,
    NodePart,
    NoPrimary,
    StandaloneSnapshot,
)
from apps.nodes.selectors import PollTarget
from apps.nodes.services import StandaloneWish, add_standalone_swarm
from dce_portal.errors import PortalError, Unavailable
from dce_portal.origin import PORTAL
from tests.factories.infos import container_info, node_info

pytestmark = pytest.mark.django_db

URL = "tcp://192.0.2.1:3376"
READY, LOST = "192.0.2.11:2375", "192.0.2.12:2375"


class FakeStandalone:
    """The port in memory; `error` is what it raises."""

    def __init__(self) -> None:
        self.error: PortalError | None = None
        self.managers = (ManagerState(URL, "primary"),)
        self.is_closed = False

    async def read(self, *, with_images: bool) -> StandaloneSnapshot:
        if self.error is not None:
            raise self.error
        nodes = (node_info(READY), node_info(LOST, state="unhealthy"))
        parts = tuple(
            NodePart(address, (container_info(f"c-{address}"),)) for address in (READY, LOST)
        )
        cluster = ClusterSnapshot("", timezone.now(), URL, nodes, (), ())
        return StandaloneSnapshot(cluster, parts, self.managers, "spread", "")

    async def close(self) -> None:
        self.is_closed = True


class FakeStore:
    """A key store that counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_closed = False

    async def read(self) -> DiscoverySnapshot:
        self.asked += 1
        return DiscoverySnapshot(timezone.now(), (), primary="192.0.2.1:3376")

    async def close(self) -> None:
        self.is_closed = True


async def here(work: Any) -> Any:
    """The database's thread of these tests is the test's own."""
    return await sync_to_async(work)()


def ask(asker: Any) -> bool:
    return bool(async_to_sync(asker.ask)(with_images=True))


@pytest.fixture
def cluster() -> Cluster:
    return add_standalone_swarm(StandaloneWish(name="seed", managers=(URL,)), origin=PORTAL)


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> FakeStandalone:
    fake = FakeStandalone()
    monkeypatch.setattr(backends, "standalone_port", lambda _managers: fake)
    return fake


@pytest.fixture
def ingested(monkeypatch: pytest.MonkeyPatch) -> list[Node]:
    nodes: list[Node] = []
    monkeypatch.setattr(
        standalone.usage, "ingest_engine", lambda **values: nodes.append(values["node"])
    )
    return nodes


def asker_of(cluster: Cluster, kind: str = "standalone") -> Any:
    target = PollTarget(kind, cluster.pk, (EngineAddress(URL),))
    return standalone_asker_of(target, in_database=here)


def test_an_answer_is_written_and_ready_nodes_figures_are_handed_on(
    cluster: Cluster, port: FakeStandalone, ingested: list[Node]
) -> None:
    asker = asker_of(cluster)
    assert ask(asker)
    assert [node.native_id for node in ingested] == [READY]
    assert Node.objects.count() == 2
    async_to_sync(asker.close)()
    assert port.is_closed


@pytest.mark.parametrize(("error", "is_soon"), [(NoPrimary, True), (Unavailable, False)])
def test_silence_is_noted_and_an_election_slows_nothing_down(
    error: type[Unavailable], is_soon: bool, cluster: Cluster, port: FakeStandalone, ingested: Any
) -> None:
    asker = asker_of(cluster)
    ask(asker)
    port.error = error("They choose another.")
    assert ask(asker) is is_soon
    cluster.refresh_from_db()
    assert cluster.stale_reason == "They choose another."
    assert "They choose another." in Node.objects.get(native_id=READY).stale_reason


def test_a_key_store_is_asked_each_half_minute(cluster: Cluster) -> None:
    store, now_s = FakeStore(), [0.0]
    asker = DiscoveryAsker(cluster.pk, store, here, clock=lambda: now_s[0])
    for at_s, asked in ((0.0, 1), (29.0, 1), (31.0, 2), (40.0, 2)):
        now_s[0] = at_s
        assert ask(asker)
        assert store.asked == asked
    cluster.refresh_from_db()
    assert cluster.facts["discovery"]["primary"] == "192.0.2.1:3376"
    async_to_sync(asker.close)()
    assert store.is_closed


def test_each_kind_of_target_has_its_asker(cluster: Cluster, monkeypatch: Any) -> None:
    monkeypatch.setattr(backends, "discovery_port", lambda _address: FakeStore())
    assert isinstance(asker_of(cluster, "discovery"), DiscoveryAsker)
    assert asker_of(cluster, "engine") is None
