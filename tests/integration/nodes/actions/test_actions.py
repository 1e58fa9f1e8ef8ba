"""Previews of actions, who may start them, what blocks them, and what they do to a Swarm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.nodes.actions import action_of, actions_for
from apps.nodes.adapters.fakes.cluster import FakeSwarmState
from apps.nodes.models import Cluster, EngineEndpoint, Node
from apps.workloads.models import Service
from dce_portal import operations
from dce_portal.models import Operation
from tests.factories.cluster import NodeFactory, ServiceFactory, TaskFactory
from tests.factories.node_actions import page_url, start

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
OF_NODES = ("activate", "pause", "drain", "labels", "promote", "demote", "remove")


def test_a_drain_says_what_moves_what_ends_and_what_does_not_fit(
    nodes: dict[str, Node], operator: User, signed_in: SignedIn
) -> None:
    cluster = nodes["n3"].cluster
    agent = ServiceFactory(cluster=cluster, name="agent", mode="global")
    large = ServiceFactory(cluster=cluster, name="large", memory_reservation_bytes=2**40)
    for service in (agent, large):
        TaskFactory(cluster=cluster, node=nodes["n3"], service=service)
    page = signed_in(operator).get(page_url(nodes["n3"], "drain")).content.decode()
    assert "2 tasks move." in page
    assert "web: 1 task → probably host-n1 (1)" in page
    assert "agent: 1 task" in page
    assert "1 task of large fits on no other node" in page
    assert "too little memory is left unreserved" in page


def test_what_was_last_seen_is_warned_of_and_refuses_nothing(nodes: dict[str, Node]) -> None:
    """The row may be seconds old; somebody may have paused the node since."""
    action = action_of(Node, "activate")
    assert action is not None
    preview = action.preview(nodes["n3"], {})
    assert not preview.blocked
    assert preview.warnings == (
        "When last seen, this node was active already; this makes sure of it.",
    )


def test_what_is_offered_fits_the_person_and_the_node(
    nodes: dict[str, Node], administrator: User, operator: User, viewer: User
) -> None:
    def names(person: User, node: Node) -> list[str]:
        return [action.name for action in actions_for(person, node)]

    assert names(operator, nodes["n3"]) == ["pause", "drain", "labels", "measure-disk"]
    more = {"remove", "promote", "prune"}
    assert set(names(administrator, nodes["n3"])) - set(names(operator, nodes["n3"])) == more
    assert "demote" in names(administrator, nodes["n1"])
    assert names(viewer, nodes["n3"]) == []
    single = NodeFactory(cluster__kind=Cluster.Kind.ENGINES)
    assert names(administrator, single) == ["remove"]


@pytest.mark.parametrize("name", OF_NODES)
@pytest.mark.parametrize("who", ["viewer", "mallory"])
def test_mallory_and_viewers_neither_see_nor_start_anything(
    name: str,
    who: str,
    nodes: dict[str, Node],
    request: pytest.FixtureRequest,
    signed_in: SignedIn,
) -> None:
    client = signed_in(request.getfixturevalue(who))
    form = {"typed_name": nodes["n3"].hostname, "labels": "a=b"}
    assert client.get(page_url(nodes["n3"], name)).status_code == 403
    assert client.post(page_url(nodes["n3"], name), form).status_code == 403
    bulk = reverse("admin:nodes_node_bulk_action", args=["label"]) + f"?row={nodes['n3'].pk}"
    assert client.post(bulk, form).status_code == 403
    assert not Operation.objects.exists()


@pytest.mark.parametrize("name", ["promote", "demote", "remove"])
def test_operators_change_neither_roles_nor_membership(
    name: str, nodes: dict[str, Node], operator: User, signed_in: SignedIn
) -> None:
    assert signed_in(operator).post(page_url(nodes["n3"], name)).status_code == 403


def test_a_promotion_is_explained_and_done(
    nodes: dict[str, Node], state: FakeSwarmState, administrator: User, signed_in: SignedIn
) -> None:
    client = signed_in(administrator)
    page = client.get(page_url(nodes["n3"], "promote")).content.decode()
    assert "Managers: 2 now, 3 afterwards" in page
    operation = start(client, nodes["n3"], "promote")
    assert (operation.state, operation.result["role"]) == ("succeeded", "manager")
    assert state.nodes["n3"].role == "manager"
    nodes["n3"].refresh_from_db()
    assert nodes["n3"].reachability == "reachable"


def test_a_demotion_is_checked_against_the_swarm_as_it_is_then(
    nodes: dict[str, Node], state: FakeSwarmState, administrator: User, signed_in: SignedIn
) -> None:
    state.put(replace(state.nodes["n2"], reachability="unreachable"))
    operation = start(signed_in(administrator), nodes["n1"], "demote")
    assert operation.state == "failed"
    assert "Only 1 of 2 managers" in operation.error
    assert state.nodes["n1"].role == "manager"


def test_the_last_manager_stays_one(
    nodes: dict[str, Node], administrator: User, signed_in: SignedIn
) -> None:
    Node.objects.filter(pk=nodes["n2"].pk).update(role="worker", reachability="")
    client, url = signed_in(administrator), page_url(nodes["n1"], "demote")
    page = client.get(url).content.decode()
    assert "This is the last manager." in page
    assert "dce-button-main" not in page
    assert client.post(url).status_code == 200
    assert not Operation.objects.exists()


def test_the_portal_does_not_blind_itself(
    nodes: dict[str, Node], administrator: User, signed_in: SignedIn
) -> None:
    EngineEndpoint.objects.filter(node=nodes["n2"]).delete()
    page = signed_in(administrator).get(page_url(nodes["n1"], "demote")).content.decode()
    assert "No other manager answers the portal" in page


def test_labels_of_several_nodes(
    nodes: dict[str, Node], state: FakeSwarmState, operator: User, signed_in: SignedIn
) -> None:
    state.put(replace(state.nodes["n2"], labels={"old": "1", "keep": "2"}))
    Node.objects.filter(pk=nodes["n2"].pk).update(labels={"old": "1", "keep": "2"})
    client, list_url = signed_in(operator), reverse("admin:nodes_node_changelist")
    ticked = {"action": "label", "_selected_action": [nodes["n2"].pk, nodes["n3"].pk]}
    url = client.post(list_url, ticked).url
    form = {"labels": "zone=b", "remove": "old"}
    page = client.post(url, {**form, "look_again": "1"}).content.decode()
    assert "host-n2: +zone=b, −old" in page
    refused = client.post(url, {"labels": "zone=\x1b[31m", "remove": ""}).content.decode()
    assert "without control characters" in refused
    assert not Operation.objects.exists()
    assert client.post(url, form).status_code == 302
    operations.execute(str(Operation.objects.get().pk))
    assert Operation.objects.get().state == "succeeded"
    assert state.nodes["n2"].labels == {"keep": "2", "zone": "b"}
    assert state.nodes["n3"].labels == {"zone": "b"}


def test_several_rows_of_which_one_cannot_be_labelled(
    nodes: dict[str, Node], operator: User, signed_in: SignedIn
) -> None:
    single = NodeFactory(cluster__kind=Cluster.Kind.ENGINES)
    client, bulk = signed_in(operator), reverse("admin:nodes_node_bulk_action", args=["label"])
    answer = client.get(f"{bulk}?row={single.pk}&row={nodes['n3'].pk}", follow=True)
    assert f"This cannot be done to {single.hostname}." in answer.content.decode()
    assert client.get(f"{bulk}?row=404").status_code == 404
    assert client.get(bulk).status_code == 404


def test_a_service_is_rebalanced(
    nodes: dict[str, Node], state: FakeSwarmState, operator: User, signed_in: SignedIn
) -> None:
    service = Service.objects.get(name="web")
    for _ in range(2):
        TaskFactory(cluster=service.cluster, node=nodes["n3"], service=service)
    client = signed_in(operator)
    url = reverse("admin:workloads_service_action", args=[service.pk, "rebalance"])
    page = client.get(url).content.decode()
    assert "host-n1: 0 → 1" in page
    assert "host-n3: 3 → 1" in page
    assert "Every task restarts" in page
    assert client.post(url).status_code == 302
    operations.execute(str(Operation.objects.get().pk))
    assert Operation.objects.get().state == "succeeded"
    assert state.restarted == ["s1"]


def test_mallory_rebalances_nothing(mallory: User, viewer: User, signed_in: SignedIn) -> None:
    url = reverse("admin:workloads_service_action", args=[ServiceFactory().pk, "rebalance"])
    for person in (mallory, viewer):
        assert signed_in(person).post(url).status_code == 403
    assert not Operation.objects.exists()


def test_the_api_previews_blocks_and_starts(
    nodes: dict[str, Node], administrator: User, with_token: Callable[..., Client]
) -> None:
    script, node = with_token(administrator), f"/api/v1/nodes/{nodes['n3'].pk}"
    told = script.get(f"{node}/preview/?action=remove").json()
    assert (told["needs_name"], told["blocked"]) == (True, "")
    wrong = script.post(f"{node}/remove/", {"name": "other"}, "application/json")
    assert (wrong.status_code, list(wrong.json()["error"]["fields"])) == (400, ["name"])
    unknown = script.post(f"{node}/drain/", {"force": True}, "application/json")
    assert (unknown.status_code, list(unknown.json()["error"]["fields"])) == (400, ["force"])
    Node.objects.filter(pk=nodes["n3"].pk).update(state="down")
    blocked = script.post(f"{node}/promote/", {}, "application/json")
    assert blocked.status_code == 409
    assert "not ready" in blocked.json()["error"]["message"]
    assert not Operation.objects.exists()
    right = {"name": nodes["n3"].hostname}
    assert script.post(f"{node}/remove/", right, "application/json").status_code == 202


def test_the_api_labels_several_nodes(
    nodes: dict[str, Node], operator: User, with_token: Callable[..., Client]
) -> None:
    script, keys = with_token(operator), [node.pk for node in nodes.values()]
    body = {"nodes": [*keys, 987654], "set": {"zone": "b"}}
    answer = script.post("/api/v1/nodes/labels/", body, "application/json")
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, ["nodes"])
    body["nodes"] = keys
    assert script.post("/api/v1/nodes/labels/", body, "application/json").status_code == 202


def test_an_operator_gets_no_preview_of_what_only_administrators_may(
    nodes: dict[str, Node], operator: User, with_token: Callable[..., Client]
) -> None:
    address = f"/api/v1/nodes/{nodes['n3'].pk}/preview/"
    script = with_token(operator)
    assert script.get(f"{address}?action=drain").status_code == 200
    assert script.get(f"{address}?action=remove").status_code == 403
    assert script.get(f"{address}?action=explode").status_code == 400


def test_every_action_has_its_own_right() -> None:
    for name in OF_NODES:
        action = action_of(Node, name)
        assert action is not None
        assert action.permission.startswith("nodes.")
