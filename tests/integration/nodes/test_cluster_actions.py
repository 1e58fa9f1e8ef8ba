"""What is done to clusters: from the confirmation over the operation to the Swarm, and who may."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import AuditEvent, User
from apps.nodes import backends
from apps.nodes.adapters.fakes.cluster import FAKE_FACTS, FakeSwarm, FakeSwarmState
from apps.nodes.models import Cluster, ClusterEvent, EngineEndpoint, JoinToken, Node
from apps.nodes.ports.swarm import SwarmChange, SwarmPort
from apps.nodes.services import apply_cluster_snapshot, cluster_poll_failed, swarm_changes
from dce_portal import operations
from dce_portal.models import Operation
from tests.factories.cluster import ClusterFactory, ContainerFactory, NodeFactory, ServiceFactory
from tests.factories.infos import cluster_snapshot, fake_swarm_state, node_info

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
NO_MANAGER = "No manager answers."


class Busy(FakeSwarm):
    """A Swarm that somebody else changes between our read and our write, once."""

    meddled = False

    async def update_swarm(self, *, change: SwarmChange, version_index: int) -> None:
        if not Busy.meddled:
            Busy.meddled = True
            self.state.change(SwarmChange())
        await super().update_swarm(change=change, version_index=version_index)


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> FakeSwarmState:
    shared = fake_swarm_state(node_info(role="manager", reachability="reachable"))
    monkeypatch.setattr(backends, "swarm_of", lambda _cluster: FakeSwarm(shared))
    monkeypatch.setattr(swarm_changes, "ASK_EVERY_S", 0)
    return shared


@pytest.fixture
def cluster(state: FakeSwarmState) -> Cluster:
    row = Cluster.objects.create(name="north", kind="swarm", native_id="swarm-1")
    nodes = tuple(state.nodes.values())
    apply_cluster_snapshot(row.pk, snapshot=cluster_snapshot(nodes=nodes, facts=FAKE_FACTS))
    row.refresh_from_db()
    return row


def url(cluster: Cluster, name: str) -> str:
    return reverse("admin:nodes_cluster_action", args=[cluster.pk, name])


def carried_out() -> Operation:
    operation = Operation.objects.get(state="queued")
    operations.execute(str(operation.pk))
    operation.refresh_from_db()
    return operation


def confirm(client: Client, cluster: Cluster, action: str, **form: str) -> Operation:
    answer = client.post(url(cluster, action), form)
    assert answer.status_code == 302, answer.content.decode()
    return carried_out()


def page_of(client: Client, cluster: Cluster) -> str:
    answer = client.get(reverse("admin:nodes_cluster_change", args=[cluster.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_facts_of_a_poll_are_kept_and_shown(
    cluster: Cluster, viewer: User, signed_in: SignedIn
) -> None:
    page = page_of(signed_in(viewer), cluster)
    assert "1 of 1 managers reach each other; 1 are needed." in page
    assert "90 days" in page
    assert FAKE_FACTS.trust_root_fingerprint in page
    assert "Join tokens and unlock key" not in page
    assert "data-action" not in page


def test_tokens_are_rotated_and_outstanding_lines_named(
    cluster: Cluster, state: FakeSwarmState, administrator: User, signed_in: SignedIn
) -> None:
    soon = timezone.now() + timedelta(hours=1)
    JoinToken.objects.create(key="a", cluster=cluster, expires_at=soon)
    JoinToken.objects.create(key="b", cluster=cluster, expires_at=soon, uses_taken=1)
    client, before = signed_in(administrator), state.join
    shown = client.get(url(cluster, "rotate-tokens")).content.decode()
    assert "The one outstanding join line of the portal is not affected" in shown
    operation = confirm(client, cluster, "rotate-tokens", worker="on")
    assert (operation.state, operation.error) == ("succeeded", "")
    assert state.join.worker_token != before.worker_token
    assert state.join.manager_token == before.manager_token
    told = str([operation.parameters, operation.result, operation.log])
    assert state.join.worker_token not in told


def test_choosing_no_token_is_explained(
    cluster: Cluster, administrator: User, signed_in: SignedIn
) -> None:
    answer = signed_in(administrator).post(url(cluster, "rotate-tokens"), {"worker": ""})
    assert answer.status_code == 200
    assert "Choose the workers" in answer.content.decode()
    assert not Operation.objects.exists()


def test_autolock_is_turned_on_its_key_rotated_and_off_again(
    cluster: Cluster, state: FakeSwarmState, administrator: User, signed_in: SignedIn
) -> None:
    client = signed_in(administrator)
    blocked = client.post(url(cluster, "rotate-unlock-key")).content.decode()
    assert "Autolock is off" in blocked
    assert confirm(client, cluster, "autolock-on").result == {"autolock": True}
    key = state.unlock_key
    assert key
    page = page_of(client, cluster)
    assert url(cluster, "autolock-off") in page
    assert url(cluster, "autolock-on") not in page
    confirm(client, cluster, "rotate-unlock-key")
    assert state.unlock_key not in {"", key}
    confirm(client, cluster, "autolock-off")
    assert state.unlock_key == ""


def test_a_rotation_of_the_ca_ends_when_every_node_has_its_certificate(
    cluster: Cluster, state: FakeSwarmState, administrator: User, signed_in: SignedIn
) -> None:
    NodeFactory(cluster=cluster, hostname="away", state="down")
    client, before = signed_in(administrator), state.facts.trust_root_fingerprint
    assert (
        "before these nodes are back or removed: away"
        in client.get(url(cluster, "rotate-ca")).content.decode()
    )
    operation = confirm(client, cluster, "rotate-ca")
    assert operation.state == "succeeded", operation.error
    assert operation.result["trust_root_fingerprint"] != before
    cluster.refresh_from_db()
    assert cluster.facts["trust_root_fingerprint"] == operation.result["trust_root_fingerprint"]
    assert not cluster.facts["is_rotating_root"]


def test_a_rotation_that_does_not_end_says_what_holds_it_up(
    cluster: Cluster,
    state: FakeSwarmState,
    administrator: User,
    signed_in: SignedIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(swarm_changes, "ROTATED_WITHIN_S", -1)
    operation = confirm(signed_in(administrator), cluster, "rotate-ca")
    assert operation.state == "failed"
    assert "A node that is down holds it up" in operation.error


def test_a_change_is_tried_again_on_the_newest_version(
    cluster: Cluster,
    state: FakeSwarmState,
    administrator: User,
    signed_in: SignedIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Busy, "meddled", False)
    monkeypatch.setattr(backends, "swarm_of", lambda _cluster: Busy(state))
    assert confirm(signed_in(administrator), cluster, "autolock-on").state == "succeeded"
    assert Busy.meddled
    assert state.facts.is_autolocked


def test_a_swarm_without_a_leader_says_what_works_and_refuses_changes(
    cluster: Cluster, administrator: User, signed_in: SignedIn
) -> None:
    asked_at = timezone.now()
    for _ in range(2):
        cluster_poll_failed(
            cluster.pk, reason="No leader.", asked_at=asked_at, condition="no_leader"
        )
    client = signed_in(administrator)
    page = page_of(client, cluster)
    assert "has lost its majority of managers" in page
    assert "tasks that run go on" in page
    assert "docker swarm init --force-new-cluster" in page
    assert ClusterEvent.objects.filter(kind="cluster.no_leader").count() == 1
    refused = client.post(url(cluster, "rotate-ca"))
    assert "No leader." in refused.content.decode()
    assert not Operation.objects.exists()
    apply_cluster_snapshot(cluster.pk, snapshot=cluster_snapshot(facts=FAKE_FACTS))
    assert "has lost its majority" not in page_of(client, cluster)


def test_secrets_are_shown_on_demand_noted_and_never_kept(
    cluster: Cluster, state: FakeSwarmState, administrator: User, signed_in: SignedIn
) -> None:
    address = reverse("admin:nodes_cluster_secrets", args=[cluster.pk])
    client = signed_in(administrator)
    assert address in page_of(client, cluster)
    page = client.get(address)
    assert state.join.worker_token not in page.content.decode()
    assert not AuditEvent.objects.filter(action="cluster.show_tokens").exists()

    shown = client.post(address, {"show": "tokens"})
    assert state.join.worker_token in shown.content.decode()
    assert state.join.manager_token in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    noted = AuditEvent.objects.get(action="cluster.show_tokens")
    assert (noted.actor, noted.target_label) == (administrator, "north")
    assert "SWMTKN" not in str(vars(noted))

    assert "Autolock is off" in client.post(address, {"show": "unlock-key"}).content.decode()
    state.change(SwarmChange(autolock=True))
    key = client.post(address, {"show": "unlock-key"})
    assert state.unlock_key in key.content.decode()
    assert "no-store" in key["Cache-Control"]
    assert AuditEvent.objects.filter(action="cluster.show_unlock_key").count() == 2
    cluster.refresh_from_db()
    assert "SWMTKN" not in str(cluster.facts)


def test_a_manager_that_does_not_answer_leaves_the_page_whole(
    cluster: Cluster, state: FakeSwarmState, administrator: User, signed_in: SignedIn
) -> None:
    state.unreachable.add("fake://manager")
    address = reverse("admin:nodes_cluster_secrets", args=[cluster.pk])
    answer = signed_in(administrator).post(address, {"show": "tokens"})
    assert answer.status_code == 200
    assert NO_MANAGER in answer.content.decode()
    assert AuditEvent.objects.filter(action="cluster.show_tokens").exists()


@pytest.mark.parametrize("who", ["viewer", "operator", "mallory"])
def test_only_those_who_manage_clusters_do(
    who: str, cluster: Cluster, request: pytest.FixtureRequest, signed_in: SignedIn
) -> None:
    client = signed_in(request.getfixturevalue(who))
    addresses = [
        url(cluster, name)
        for name in ("rotate-tokens", "autolock-on", "rotate-ca", "rename", "forget")
    ]
    addresses.append(reverse("admin:nodes_cluster_secrets", args=[cluster.pk]))
    for address in addresses:
        assert client.get(address).status_code == 403
        assert client.post(address, {"show": "tokens", "worker": "on"}).status_code == 403
    assert not Operation.objects.exists()
    assert not AuditEvent.objects.filter(action__startswith="cluster.").exists()


def test_single_engines_have_no_secrets(administrator: User, signed_in: SignedIn) -> None:
    engines, client = ClusterFactory(kind="engines"), signed_in(administrator)
    address = reverse("admin:nodes_cluster_secrets", args=[engines.pk])
    assert client.get(address).status_code == 404
    assert client.get(url(engines, "rotate-ca")).status_code == 404
    assert address not in page_of(client, engines)


def test_a_cluster_is_renamed_unless_the_name_is_taken(
    cluster: Cluster, administrator: User, signed_in: SignedIn
) -> None:
    ClusterFactory(name="south")
    client = signed_in(administrator)
    taken = client.post(url(cluster, "rename"), {"name": "south"}).content.decode()
    assert "Another cluster has this name already." in taken
    assert confirm(client, cluster, "rename", name="west").result == {"name": "west"}
    cluster.refresh_from_db()
    assert cluster.name == "west"


def test_a_cluster_that_is_gone_is_forgotten_by_its_name(
    cluster: Cluster, administrator: User, signed_in: SignedIn
) -> None:
    node = NodeFactory(cluster=cluster)
    ContainerFactory(node=node)
    ServiceFactory(cluster=cluster)
    other = NodeFactory()
    EngineEndpoint.objects.create(url="unix:///own", cluster=cluster, node=node)
    EngineEndpoint.objects.create(url="unix:///set", cluster=cluster, from_settings=True)
    client = signed_in(administrator)
    assert "It answers." in client.get(url(cluster, "forget")).content.decode()
    assert url(cluster, "forget") not in page_of(client, cluster)
    cluster_poll_failed(cluster.pk, reason="Gone.", asked_at=timezone.now())
    shown = client.get(url(cluster, "forget")).content.decode()
    assert "2 nodes, 1 services, 1 containers, and the 1 addresses" in shown.replace("\n", " ")
    assert "DCE_DOCKER_HOST" in shown
    wrong = client.post(url(cluster, "forget"), {"typed_name": "nort"})
    assert "Type the name exactly" in wrong.content.decode()
    operation = confirm(client, cluster, "forget", typed_name="north")
    assert operation.result == {"nodes": 2, "addresses": 1}
    assert not Cluster.objects.filter(pk=cluster.pk).exists()
    assert list(Node.objects.all()) == [other]
    assert [row.url for row in EngineEndpoint.objects.all()] == ["unix:///set"]


def test_a_cluster_that_came_back_meanwhile_is_kept(
    cluster: Cluster, administrator: User, signed_in: SignedIn
) -> None:
    cluster_poll_failed(cluster.pk, reason="Gone.", asked_at=timezone.now())
    signed_in(administrator).post(url(cluster, "forget"), {"typed_name": "north"})
    apply_cluster_snapshot(cluster.pk, snapshot=cluster_snapshot())
    operation = carried_out()
    assert (operation.state, operation.error[:20]) == ("failed", "This cluster answers")
    assert Cluster.objects.filter(pk=cluster.pk).exists()


def test_the_port_is_closed_whatever_happens(
    cluster: Cluster,
    state: FakeSwarmState,
    administrator: User,
    signed_in: SignedIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[FakeSwarm] = []

    def open_port(_cluster: Cluster) -> SwarmPort:
        opened.append(FakeSwarm(state))
        return opened[-1]

    monkeypatch.setattr(backends, "swarm_of", open_port)
    state.unreachable.add("fake://manager")
    operation = confirm(signed_in(administrator), cluster, "autolock-on")
    assert (operation.state, operation.error) == ("failed", NO_MANAGER)
    assert [port.is_closed for port in opened] == [True]
