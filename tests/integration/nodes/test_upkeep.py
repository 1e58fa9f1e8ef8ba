"""What is done to one engine: its disk measured and pruned, its lock opened, its rows forgotten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import AuditEvent, User
from apps.nodes import backends
from apps.nodes.adapters.fakes.cluster import FakeSwarm
from apps.nodes.adapters.fakes.upkeep import FakeUpkeep
from apps.nodes.models import Cluster, EngineDiskUsage, EngineEndpoint, Node
from apps.nodes.ports.upkeep import DiskShare, DiskUsage
from apps.nodes.services import engine_poll_failed
from dce_portal import operations
from dce_portal.models import Operation
from dce_portal.sealing import seal, unseal
from dce_portal.secret import Secret
from tests.factories.accounts import OperationFactory
from tests.factories.cluster import NodeFactory, ServiceFactory
from tests.factories.infos import fake_swarm_state

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
KEY = "SWMKEY-1-right"
MIB = 2**20
USAGE = DiskUsage(
    images=DiskShare(5, 900 * MIB, 3, 300 * MIB),
    dangling_images=DiskShare(1, 100 * MIB, 1, 100 * MIB),
    containers=DiskShare(4, 8 * MIB, 2, 4 * MIB),
    volumes=DiskShare(2, 50 * MIB, 1, 20 * MIB),
    build_cache=DiskShare(9, 70 * MIB, 9, 70 * MIB),
    unused_images=("team/app:1", "team/old:1"),
    unused_volumes=("left",),
)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeUpkeep:
    twin = FakeUpkeep(usage=USAGE)
    monkeypatch.setattr(backends, "upkeep_port", lambda _address: twin)
    return twin


@pytest.fixture
def node(engine: FakeUpkeep) -> Node:
    row = NodeFactory(hostname="box", cluster__name="north")
    EngineEndpoint.objects.create(url="unix:///box", cluster=row.cluster, node=row)
    return row


def url(node: Node, name: str) -> str:
    return reverse("admin:nodes_node_action", args=[node.pk, name])


def carried_out() -> Operation:
    operation = Operation.objects.get(state="queued")
    operations.execute(str(operation.pk))
    operation.refresh_from_db()
    return operation


def confirm(client: Client, node: Node, name: str, **form: str) -> Operation:
    answer = client.post(url(node, name), form)
    assert answer.status_code == 302, answer.content.decode()
    return carried_out()


def measured(node: Node, *, minutes_ago: int = 0) -> None:
    at = timezone.now() - timedelta(minutes=minutes_ago)
    EngineDiskUsage.objects.create(node=node, measured_at=at, usage=USAGE.as_columns())


def test_a_disk_is_measured_and_shown(
    node: Node, operator: User, viewer: User, signed_in: SignedIn
) -> None:
    operation = confirm(signed_in(operator), node, "measure-disk")
    assert operation.result["images_bytes"] == 900 * MIB
    page = signed_in(viewer).get(reverse("admin:nodes_node_change", args=[node.pk]))
    assert 'data-part="disk"' in page.content.decode()
    assert "900 MiB" in page.content.decode()


def test_a_node_is_never_measured_twice_at_once(
    node: Node, operator: User, signed_in: SignedIn
) -> None:
    other = OperationFactory(state="running", title="Measure the disk of box")
    place = f"nodes:upkeep:{node.pk}"
    cache.set(place, str(other.pk))
    operation = confirm(signed_in(operator), node, "measure-disk")
    assert operation.state == "failed"
    assert "is being measured or cleaned already" in operation.error
    assert cache.get(place) == str(other.pk)
    Operation.objects.filter(pk=other.pk).update(state="failed")
    assert confirm(signed_in(operator), node, "measure-disk").state == "succeeded"
    assert cache.get(place) is None


def test_a_failed_measurement_lets_go_of_the_lock(
    node: Node, engine: FakeUpkeep, operator: User, signed_in: SignedIn
) -> None:
    engine.error = "The engine hangs."
    operation = confirm(signed_in(operator), node, "measure-disk")
    assert (operation.state, operation.error) == ("failed", "The engine hangs.")
    assert cache.get(f"nodes:upkeep:{node.pk}") is None


@pytest.mark.parametrize("minutes_ago", [None, 16])
def test_without_a_fresh_estimate_nothing_is_pruned(
    minutes_ago: int | None, node: Node, administrator: User, signed_in: SignedIn
) -> None:
    if minutes_ago is not None:
        measured(node, minutes_ago=minutes_ago)
    answer = signed_in(administrator).post(url(node, "prune"), {"dangling_images": "on"})
    assert "Measure the disk first" in answer.content.decode()
    assert not Operation.objects.exists()


def test_a_prune_tells_the_estimate_and_then_what_was_freed(
    node: Node, engine: FakeUpkeep, administrator: User, signed_in: SignedIn
) -> None:
    measured(node)
    client = signed_in(administrator)
    shown = client.get(url(node, "prune")).content.decode()
    assert "frees at least 170 MiB" in shown
    assert 'name="unused_volumes" id' in shown
    assert "typed_name" not in shown
    operation = confirm(client, node, "prune", dangling_images="on", stopped_containers="on")
    assert operation.result["freed_bytes"] == 104 * MIB
    assert (operation.result["images"], operation.result["containers"]) == (1, 2)
    assert engine.usage.volumes == USAGE.volumes
    kept = DiskUsage.from_columns(EngineDiskUsage.objects.get(node=node).usage)
    assert kept.dangling_images.free_count == 0


def test_images_that_services_use_are_named(
    node: Node, administrator: User, signed_in: SignedIn
) -> None:
    measured(node)
    ServiceFactory(cluster=node.cluster, image="team/app:1@sha256:" + "0" * 64)
    ServiceFactory(image="team/old:1")
    form = {"unused_images": "on", "look_again": "1"}
    shown = signed_in(administrator).post(url(node, "prune"), form).content.decode()
    assert "Services use these images: team/app:1." in shown
    assert not Operation.objects.exists()


def test_volumes_go_only_when_the_nodes_name_is_typed(
    node: Node, engine: FakeUpkeep, administrator: User, signed_in: SignedIn
) -> None:
    measured(node)
    client = signed_in(administrator)
    shown = client.post(url(node, "prune"), {"unused_volumes": "on"}).content.decode()
    assert "Type the name exactly" in shown
    assert "typed_name" in shown
    assert engine.usage.volumes.count == 2
    operation = confirm(client, node, "prune", unused_volumes="on", typed_name="box")
    assert operation.result["volumes"] == 1


def test_choosing_nothing_is_explained(
    node: Node, administrator: User, signed_in: SignedIn
) -> None:
    measured(node)
    answer = signed_in(administrator).post(url(node, "prune"), {"unused_volumes": ""})
    assert "Choose what to remove." in answer.content.decode()


@pytest.fixture
def locked(node: Node, engine: FakeUpkeep, monkeypatch: pytest.MonkeyPatch) -> Node:
    engine.key = KEY
    engine_poll_failed(
        node.endpoint.pk, reason="Locked.", asked_at=timezone.now(), condition="locked"
    )
    monkeypatch.setattr(backends, "swarm_of", lambda _cluster: FakeSwarm(fake_swarm_state()))
    node.refresh_from_db()
    return node


def test_a_locked_manager_is_shown_and_unlocked_with_a_key_that_nothing_keeps(
    locked: Node, engine: FakeUpkeep, administrator: User, signed_in: SignedIn
) -> None:
    client = signed_in(administrator)
    page = client.get(reverse("admin:nodes_node_change", args=[locked.pk])).content.decode()
    assert url(locked, "unlock") in page
    assert "Locked." in page
    answer = client.post(url(locked, "unlock"), {"key": KEY})
    assert answer.status_code == 302
    queued = Operation.objects.get()
    assert KEY not in str(cache.get(f"nodes:unlock:{queued.pk}"))
    operation = carried_out()
    assert (operation.state, operation.error) == ("succeeded", "")
    assert engine.key == ""
    assert cache.get(f"nodes:unlock:{queued.pk}") is None
    everything = [vars(operation), *(vars(row) for row in AuditEvent.objects.all())]
    assert KEY not in str(everything)


def test_a_wrong_key_is_explained_and_not_shown_again(
    locked: Node, engine: FakeUpkeep, administrator: User, signed_in: SignedIn
) -> None:
    operation = confirm(signed_in(administrator), locked, "unlock", key="SWMKEY-1-wrong")
    assert operation.state == "failed"
    assert "refused this key" in operation.error
    assert engine.key == KEY
    assert "SWMKEY-1-wrong" not in str(vars(operation))


def test_another_manager_says_the_key(
    locked: Node,
    engine: FakeUpkeep,
    administrator: User,
    signed_in: SignedIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = signed_in(administrator)
    operation = confirm(client, locked, "unlock", key="")
    assert "type the key" in operation.error
    state = fake_swarm_state()
    state.unlock_key = KEY
    monkeypatch.setattr(backends, "swarm_of", lambda _cluster: FakeSwarm(state))
    assert confirm(client, locked, "unlock", key="").state == "succeeded"
    assert engine.key == ""


def test_a_key_that_waited_too_long_is_asked_for_again(
    locked: Node, administrator: User, signed_in: SignedIn
) -> None:
    signed_in(administrator).post(url(locked, "unlock"), {"key": KEY})
    cache.delete(f"nodes:unlock:{Operation.objects.get().pk}")
    assert "waited too long" in carried_out().error


def test_what_another_key_sealed_is_nothing() -> None:
    sealed = seal(Secret(KEY))
    assert KEY not in sealed
    assert unseal(sealed) == Secret(KEY)
    assert unseal("gAAAAA" + sealed[6:-2] + "AA") is None


def test_a_node_that_is_not_locked_has_nothing_to_unlock(
    node: Node, administrator: User, signed_in: SignedIn
) -> None:
    client = signed_in(administrator)
    page = client.get(reverse("admin:nodes_node_change", args=[node.pk])).content.decode()
    assert url(node, "unlock") not in page
    assert "not locked" in client.post(url(node, "unlock"), {"key": KEY}).content.decode()


def test_a_single_engine_that_is_gone_is_forgotten(
    administrator: User, signed_in: SignedIn
) -> None:
    gone = NodeFactory(hostname="box", cluster__kind="engines", stale_since=timezone.now())
    EngineEndpoint.objects.create(url="unix:///box", cluster=gone.cluster, node=gone)
    other = NodeFactory(cluster=gone.cluster)
    client = signed_in(administrator)
    assert "It answers." in client.get(url(other, "forget")).content.decode()
    confirm(client, gone, "forget", typed_name="box")
    assert list(Node.objects.all()) == [other]
    assert not EngineEndpoint.objects.exists()
    Node.objects.filter(pk=other.pk).update(stale_since=timezone.now())
    confirm(client, other, "forget", typed_name=other.hostname)
    assert not Cluster.objects.exists()


def test_a_swarms_node_is_not_forgotten_but_removed(
    node: Node, administrator: User, signed_in: SignedIn
) -> None:
    assert signed_in(administrator).get(url(node, "forget")).status_code == 404


@pytest.mark.parametrize("who", ["viewer", "operator", "mallory"])
@pytest.mark.parametrize("name", ["prune", "unlock"])
def test_only_those_with_the_right_do(
    who: str, name: str, node: Node, request: pytest.FixtureRequest, signed_in: SignedIn
) -> None:
    client = signed_in(request.getfixturevalue(who))
    measured(node)
    assert client.get(url(node, name)).status_code == 403
    assert client.post(url(node, name), {"dangling_images": "on"}).status_code == 403
    assert not Operation.objects.exists()


@pytest.mark.parametrize("who", ["viewer", "mallory"])
def test_only_operators_measure(
    who: str, node: Node, request: pytest.FixtureRequest, signed_in: SignedIn
) -> None:
    client = signed_in(request.getfixturevalue(who))
    assert client.post(url(node, "measure-disk")).status_code == 403
    assert not Operation.objects.exists()
