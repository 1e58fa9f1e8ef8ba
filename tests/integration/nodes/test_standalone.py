"""Standalone Swarms from the form to the rows: what a person gives, what polls write, what pages show."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import AuditEvent
from apps.nodes import services
from apps.nodes.models import Cluster, ClusterEvent, EngineEndpoint, Node
from apps.nodes.ports import ClusterSnapshot, NodeInfo
from apps.nodes.ports.standalone import (
    DiscoverySnapshot,
    ManagerState,
    NodePart,
    Registration,
    StandaloneSnapshot,
    StoreMember,
)
from apps.nodes.selectors import poll_targets
from apps.nodes.services import StandaloneWish, add_standalone_swarm
from apps.workloads.models import Container, EngineImage
from dce_portal.errors import Conflict, InvalidInput
from dce_portal.origin import PORTAL
from tests.factories.cluster import ClusterFactory
from tests.factories.infos import container_info, image_info, node_info

pytestmark = pytest.mark.django_db

ONE, TWO = "tcp://192.0.2.1:3376", "tcp://192.0.2.2:3376"
FIRST, SECOND = "192.0.2.11:2375", "192.0.2.12:2375"
ADD = "/api/v1/clusters/standalone/"


def swarm(**changes: Any) -> Cluster:
    wish = StandaloneWish(**{"name": "seed", "managers": (ONE, TWO), **changes})
    return add_standalone_swarm(wish, origin=PORTAL)


def node(address: str, name: str, **changes: Any) -> NodeInfo:
    return node_info(address, hostname=name, address=address, **changes)


def snapshot(
    *nodes: NodeInfo, parts: tuple[NodePart, ...] = (), managers: tuple[ManagerState, ...] = ()
) -> StandaloneSnapshot:
    cluster = ClusterSnapshot("", timezone.now(), ONE, nodes, (), ())
    return StandaloneSnapshot(cluster, parts, managers, "spread", "health, port")


@pytest.fixture
def cluster() -> Cluster:
    return swarm(discovery_url="etcd://192.0.2.1:2379")


def test_it_becomes_addresses_to_ask(cluster: Cluster) -> None:
    rows = list(cluster.endpoints.all())
    assert {row.url for row in rows} == {ONE, TWO}
    assert all(row.is_manager and row.kind == "standalone" for row in rows)
    targets = list(poll_targets(shard=0, shards=1))
    assert [(target.kind, target.pk) for target in targets] == [
        ("standalone", cluster.pk),
        ("discovery", cluster.pk),
    ]
    assert [address.url for address in targets[0].addresses] == [ONE, TWO]
    assert targets[1].addresses[0].url == "etcd://192.0.2.1:2379"
    assert AuditEvent.objects.get(action="standalone.add").target_label == "seed"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"managers": ()}, "managers"),
        ({"managers": (ONE, ONE)}, "managers"),
        ({"managers": ("unix:///var/run/docker.sock",)}, "managers"),
        ({"managers": ("http://192.0.2.1:3376",)}, "managers"),
        ({"managers": ("tcp://169.254.169.254:80",)}, "managers"),
        ({"managers": ("nonsense",)}, "managers"),
        ({"managers": tuple(f"tcp://192.0.2.{n}:3376" for n in range(10))}, "managers"),
        ({"tls_ca": "/nowhere/ca.pem"}, "tls_ca"),
        ({"tls_cert": __file__}, "tls_key"),
        ({"tls_key": __file__}, "tls_cert"),
        ({"uses_own_certificate": True}, "tls_ca"),
        ({"discovery_url": "consul://192.0.2.1"}, "discovery_url"),
        ({"discovery_url": "etcd://192.0.2.1,169.254.169.254:80"}, "discovery_url"),
        ({"discovery_url": "etcds://192.0.2.1"}, "tls_ca"),
    ],
)
def test_bad_input_is_a_sentence_at_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        swarm(**changes)
    assert caught.value.field == field
    assert len(caught.value.message) > 20
    assert not Cluster.objects.exists()
    assert not EngineEndpoint.objects.exists()


def test_a_name_or_an_address_that_is_taken_is_a_conflict(cluster: Cluster) -> None:
    with pytest.raises(Conflict, match="name"):
        swarm(managers=("tcp://192.0.2.9:3376",))
    with pytest.raises(Conflict, match="Engine addresses"):
        swarm(name="other")
    assert Cluster.objects.count() == 1


def test_a_change_keeps_what_was_seen(cluster: Cluster) -> None:
    services.apply_standalone_snapshot(cluster.pk, snapshot=snapshot(node(FIRST, "node-1")))
    kept = cluster.endpoints.get(url=TWO).pk
    wish = StandaloneWish(name="renamed", managers=(TWO, "tcp://192.0.2.3:3376"))
    services.change_standalone_swarm(cluster, wish, origin=PORTAL)
    cluster.refresh_from_db()
    assert (cluster.name, cluster.discovery_url) == ("renamed", "")
    assert cluster.endpoints.get(url=TWO).pk == kept
    assert set(cluster.endpoints.values_list("url", flat=True)) == set(wish.managers)
    assert cluster.nodes.count() == 1
    assert services.wish_of(cluster) == wish


def test_another_kind_of_cluster_is_refused() -> None:
    with pytest.raises(InvalidInput, match="not a standalone Swarm"):
        services.forget_standalone_swarm(ClusterFactory(), origin=PORTAL)


def part(address: str, *names: str, state: str = "running", status: str = "Up") -> NodePart:
    containers = tuple(
        container_info(f"{address}-{name}", name=name, state=state, status=status) for name in names
    )
    return NodePart(address, containers)


def test_nodes_and_containers_lie_where_they_are(cluster: Cluster) -> None:
    seen = snapshot(
        node(FIRST, "twin"),
        node(SECOND, "twin", state="unhealthy", status_message="Cannot connect"),
        parts=(part(FIRST, "web"), part(SECOND, "db", state="unknown", status="Host Down")),
        managers=(
            ManagerState(ONE, "primary", "", "swarm/1.2.9", "1.40"),
            ManagerState(TWO, error="It cannot be asked."),
        ),
    )
    ready = services.apply_standalone_snapshot(cluster.pk, snapshot=seen)
    assert [found.native_id for found, _part in ready] == [FIRST]
    first, second = Node.objects.order_by("native_id")
    assert Container.objects.get(node=first).name == "web"
    lost = Container.objects.get(node=second)
    assert (lost.name, lost.state, lost.status) == ("db", "unknown", "Host Down")
    assert first.is_fresh
    assert "Cannot connect" in second.stale_reason
    one, two = cluster.endpoints.order_by("url")
    assert (one.api_version, one.failures, two.failures) == ("1.40", 0, 1)
    assert two.last_error == "It cannot be asked."
    cluster.refresh_from_db()
    assert cluster.facts["standalone"]["strategy"] == "spread"


def test_only_what_changes_is_told_as_a_change(cluster: Cluster) -> None:
    both = (node(FIRST, "node-1"), node(SECOND, "node-2"))
    services.apply_standalone_snapshot(
        cluster.pk, snapshot=snapshot(*both, parts=(part(FIRST, "web"),))
    )
    assert [event.kind for event in ClusterEvent.objects.all()] == ["cluster.found"]
    lost = node(SECOND, "node-2", state="unhealthy", status_message="Cannot connect")
    down = part(FIRST, "web", state="unknown", status="Host Down")
    for parts in ((down,), (part(FIRST, "web"),), (part(FIRST, "web", "more"),)):
        services.apply_standalone_snapshot(
            cluster.pk, snapshot=snapshot(both[0], lost, parts=parts)
        )
    kinds = sorted(ClusterEvent.objects.values_list("kind", flat=True))
    assert kinds == ["cluster.found", "container.started", "node.unhealthy"]


def test_images_are_kept_until_they_are_asked_again(cluster: Cluster) -> None:
    found = NodePart(FIRST, (), images=(image_info("sha256:1"),))
    for item in (found, NodePart(FIRST, ())):
        services.apply_standalone_snapshot(
            cluster.pk, snapshot=snapshot(node(FIRST, "node-1"), parts=(item,))
        )
    assert EngineImage.objects.get().native_id == "sha256:1"


def test_an_older_answer_changes_nothing(cluster: Cluster) -> None:
    newer = snapshot(node(FIRST, "node-1"), parts=(part(FIRST, "web"),))
    services.apply_standalone_snapshot(cluster.pk, snapshot=newer)
    old = ClusterSnapshot("", newer.cluster.taken_at - timedelta(seconds=5), TWO, (), (), ())
    late = StandaloneSnapshot(old, (), (), "", "")
    assert services.apply_standalone_snapshot(cluster.pk, snapshot=late) == []
    assert Container.objects.count() == 1


def test_silence_keeps_the_rows_and_says_why(cluster: Cluster) -> None:
    services.apply_standalone_snapshot(cluster.pk, snapshot=snapshot(node(FIRST, "node-1")))
    services.standalone_poll_failed(
        cluster.pk,
        reason="The replicas choose another.",
        asked_at=timezone.now(),
        managers=(ManagerState(ONE, error="Refused."), ManagerState(TWO, "replica")),
    )
    assert "The replicas choose another." in Node.objects.get().stale_reason
    assert cluster.endpoints.get(url=ONE).failures == 1


def store(**changes: Any) -> DiscoverySnapshot:
    values: dict[str, Any] = {
        "taken_at": timezone.now(),
        "members": (StoreMember("http://192.0.2.1:2379", "one", "3.4.23", True, True, 20480),),
        "registrations": (Registration(SECOND, timezone.now() + timedelta(seconds=100)),),
        "primary": "192.0.2.1:3376",
        "primary_expires_at": timezone.now() + timedelta(seconds=15),
    }
    return DiscoverySnapshot(**(values | changes))


def test_the_page_shows_managers_and_key_store_with_warnings(
    cluster: Cluster, viewer, signed_in
) -> None:
    seen = snapshot(
        node(FIRST, "node-1"),
        managers=(ManagerState(ONE, "primary", "", "swarm/1.2.9", "1.40", lets_anyone_in=True),),
    )
    services.apply_standalone_snapshot(cluster.pk, snapshot=seen)
    services.keep_discovery(cluster.pk, snapshot=store())
    page = signed_in(viewer).get(reverse("admin:nodes_cluster_change", args=[cluster.pk]))
    text = page.content.decode()
    assert "answers without asking for a certificate" in text
    assert f"{SECOND} has registered, and the managers do not list it" in text
    assert f"node-1 ({FIRST}) is listed, and its registration has expired" in text
    assert "20.0 KiB" in text or "20 KiB" in text
    assert reverse("admin:nodes_standalone_change", args=[cluster.pk]) not in text


def test_a_sick_key_store_is_said_in_words(cluster: Cluster, viewer, signed_in) -> None:
    services.keep_discovery(
        cluster.pk, snapshot=store(error="No member is healthy.", registrations=())
    )
    page = signed_in(viewer).get(reverse("admin:nodes_cluster_change", args=[cluster.pk]))
    assert "No member is healthy." in page.content.decode()


def test_a_node_page_shows_containers_and_no_action(
    cluster: Cluster, administrator, signed_in
) -> None:
    seen = snapshot(node(FIRST, "node-1"), parts=(part(FIRST, "web"),))
    services.apply_standalone_snapshot(cluster.pk, snapshot=seen)
    found = Node.objects.get()
    page = signed_in(administrator).get(reverse("admin:nodes_node_change", args=[found.pk]))
    text = page.content.decode()
    assert "web" in text
    assert "Containers and usage are not known here" not in text
    assert reverse("admin:nodes_node_action", args=[found.pk, "drain"]) not in text


FORM = {"name": "seed", "managers": f"{ONE}, {TWO}", "discovery_url": "etcd://192.0.2.1"}


def test_an_operator_adds_changes_and_forgets_one_on_pages(operator, signed_in) -> None:
    client = signed_in(operator)
    listed = client.get(reverse("admin:nodes_cluster_changelist"))
    assert reverse("admin:nodes_standalone_add") in listed.content.decode()
    assert client.get(reverse("admin:nodes_standalone_add")).status_code == 200
    answer = client.post(reverse("admin:nodes_standalone_add"), FORM)
    cluster = Cluster.objects.get()
    assert answer["Location"] == reverse("admin:nodes_cluster_change", args=[cluster.pk])
    change = reverse("admin:nodes_standalone_change", args=[cluster.pk])
    assert f"{ONE}, {TWO}" in client.get(change).content.decode()
    client.post(change, {**FORM, "name": "renamed", "managers": TWO})
    assert list(EngineEndpoint.objects.values_list("url", flat=True)) == [TWO]
    forget = reverse("admin:nodes_standalone_forget", args=[cluster.pk])
    assert "renamed" in client.get(forget).content.decode()
    client.post(forget)
    assert not Cluster.objects.exists()
    assert not EngineEndpoint.objects.exists()
    actions = AuditEvent.objects.filter(action__startswith="standalone.").order_by("pk")
    assert [one.action.partition(".")[2] for one in actions] == ["add", "change", "forget"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"managers": ""}, "This field is required"),
        ({"managers": "nonsense"}, "nonsense: An engine"),
        ({"discovery_url": "zk://192.0.2.1"}, "etcd://host:2379"),
        ({"tls_ca": "/nowhere/ca.pem"}, "There is no file /nowhere/ca.pem"),
    ],
)
def test_a_wrong_form_says_what_is_wrong(changes, said, operator, signed_in) -> None:
    page = signed_in(operator).post(reverse("admin:nodes_standalone_add"), {**FORM, **changes})
    assert page.status_code == 200
    assert said in page.content.decode().replace("&#x27;", "'")
    assert not Cluster.objects.exists()


@pytest.mark.parametrize("person", ["viewer", "mallory"])
def test_who_may_not_is_refused_everywhere(person, cluster, request, signed_in) -> None:
    client = signed_in(request.getfixturevalue(person))
    pages = [reverse("admin:nodes_standalone_add")] + [
        reverse(f"admin:nodes_standalone_{name}", args=[cluster.pk])
        for name in ("change", "forget")
    ]
    for page in pages:
        assert client.get(page).status_code == 403
        assert client.post(page, FORM).status_code == 403
    assert Cluster.objects.get().name == "seed"


def test_pages_of_another_kind_of_cluster_are_not_there(operator, signed_in) -> None:
    client, other = signed_in(operator), ClusterFactory()
    for name in ("change", "forget"):
        page = reverse(f"admin:nodes_standalone_{name}", args=[other.pk])
        assert client.post(page, FORM).status_code == 404


def test_a_script_adds_changes_and_forgets_one(operator, with_token) -> None:
    script = with_token(operator)
    wish = {"name": "seed", "managers": [ONE, TWO], "discovery_url": "etcd://192.0.2.1"}
    made = script.post(ADD, wish, content_type="application/json")
    assert made.status_code == 201
    assert (made.json()["kind"], made.json()["name"]) == ("standalone", "seed")
    address = f"/api/v1/clusters/{made.json()['id']}/standalone/"
    again = script.post(ADD, wish, content_type="application/json")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")
    changed = script.put(address, {**wish, "name": "new"}, content_type="application/json")
    assert changed.json()["name"] == "new"
    assert script.delete(address).status_code == 204
    assert not Cluster.objects.exists()


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"name": "seed"},
        {"name": "seed", "managers": []},
        {"name": "seed", "managers": "text"},
        {"name": "seed", "managers": [{}]},
        {"name": "seed", "managers": ["tcp://"]},
        {"name": "\0", "managers": [ONE]},
        {"name": "seed", "managers": [ONE], "discovery_url": "\0"},
        {"name": "seed", "managers": [ONE], "uses_own_certificate": "perhaps"},
    ],
)
def test_a_script_with_bad_input_gets_400(wish, operator, with_token) -> None:
    answer = with_token(operator).post(ADD, wish, content_type="application/json")
    assert answer.status_code == 400
    assert not Cluster.objects.exists()


def test_a_script_reads_how_managers_and_key_store_are(
    cluster: Cluster, viewer, mallory, with_token
) -> None:
    managers = (ManagerState(ONE, "primary", "", "swarm/1.2.9", "1.40"),)
    seen = snapshot(node(FIRST, "node-1"), managers=managers)
    services.apply_standalone_snapshot(cluster.pk, snapshot=seen)
    address = f"/api/v1/clusters/{cluster.pk}/standalone/"
    assert with_token(viewer).get(address).json()["discovery"] is None
    services.keep_discovery(cluster.pk, snapshot=store())
    body = with_token(viewer).get(address).json()
    assert (body["managers"][0]["role"], body["strategy"]) == ("primary", "spread")
    assert body["discovery"]["registrations"][0]["address"] == SECOND
    assert len(body["discovery"]["warnings"]) == 2
    assert with_token(mallory).get(address).status_code == 403
    other = f"/api/v1/clusters/{ClusterFactory().pk}/standalone/"
    assert with_token(viewer).get(other).status_code == 404


def test_what_was_seen_goes_with_it(cluster: Cluster) -> None:
    seen = snapshot(
        node(FIRST, "node-1"),
        parts=(NodePart(FIRST, part(FIRST, "web").containers, images=(image_info("sha256:1"),)),),
    )
    services.apply_standalone_snapshot(cluster.pk, snapshot=seen)
    services.keep_discovery(cluster.pk, snapshot=store())
    services.forget_standalone_swarm(cluster, origin=PORTAL)
    for rows in (Cluster, Node, Container, EngineImage, EngineEndpoint, ClusterEvent):
        assert not rows.objects.exists()
