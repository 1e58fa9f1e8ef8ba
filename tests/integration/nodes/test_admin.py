"""The admin pages: who sees what, how many queries it takes, and what the buttons do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.nodes.models import Cluster, EngineEndpoint, Node
from dce_portal.models import Operation
from tests.factories.cluster import (
    ClusterFactory,
    ContainerFactory,
    EventFactory,
    ImageFactory,
    NodeFactory,
    ServiceFactory,
    TaskFactory,
)

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]

FACTORIES: dict[str, Any] = {
    "nodes_cluster": ClusterFactory,
    "nodes_node": NodeFactory,
    "nodes_clusterevent": EventFactory,
    "workloads_service": ServiceFactory,
    "workloads_task": TaskFactory,
    "workloads_container": ContainerFactory,
    "workloads_engineimage": ImageFactory,
}
MIRRORS = sorted(FACTORIES)


@pytest.mark.parametrize("name", MIRRORS)
def test_lists_take_as_many_queries_for_fifty_rows_as_for_five(
    name: str, viewer: User, signed_in: SignedIn
) -> None:
    client, url = signed_in(viewer), reverse(f"admin:{name}_changelist")
    client.get(url)
    counts = []
    for size in (5, 45):
        FACTORIES[name].create_batch(size)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(url).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] < 30


@pytest.mark.parametrize("name", MIRRORS)
def test_a_mirrors_page_is_read_only(name: str, viewer: User, signed_in: SignedIn) -> None:
    row, client = FACTORIES[name](), signed_in(viewer)
    url = reverse(f"admin:{name}_change", args=[row.pk])
    page = client.get(url)
    assert page.status_code == 200
    assert b'name="_save"' not in page.content
    assert client.post(url, {}).status_code == 403
    assert client.get(reverse(f"admin:{name}_add")).status_code == 403


@pytest.mark.parametrize("name", [*MIRRORS, "nodes_engineendpoint"])
def test_mallory_sees_nothing(name: str, mallory: User, signed_in: SignedIn) -> None:
    row = FACTORIES.get(name, endpoint_row)()
    client = signed_in(mallory)
    assert client.get(reverse(f"admin:{name}_changelist")).status_code == 403
    assert client.get(reverse(f"admin:{name}_change", args=[row.pk])).status_code == 403


def endpoint_row(**values: Any) -> EngineEndpoint:
    return EngineEndpoint.objects.create(url="unix:///a", **values)


@pytest.mark.parametrize(
    "query", ["?q=host", "?freshness=stale", "?freshness=fresh", "?state=down"]
)
def test_nodes_are_searched_and_filtered(query: str, viewer: User, signed_in: SignedIn) -> None:
    NodeFactory(hostname="host-fresh")
    NodeFactory(hostname="host-lost", state="down", stale_since=timezone.now(), stale_reason="Why.")
    page = signed_in(viewer).get(reverse("admin:nodes_node_changelist") + query).content.decode()
    shows = {"?q=host": (True, True), "?freshness=fresh": (True, False)}.get(query, (False, True))
    assert (">host-fresh<" in page, ">host-lost<" in page) == shows


def test_freshness_says_nothing_age_or_reason(viewer: User, signed_in: SignedIn) -> None:
    NodeFactory(observed_at=timezone.now())
    client, url = signed_in(viewer), reverse("admin:nodes_node_changelist")
    assert "dce-fresh" not in client.get(url).content.decode()
    NodeFactory()
    assert "dce-fresh-late" in client.get(url).content.decode()
    NodeFactory(stale_since=timezone.now(), stale_reason="Connection <refused>.")
    page = client.get(url).content.decode()
    assert "dce-fresh-lost" in page
    assert "Connection &lt;refused&gt;." in page


def test_a_nodes_page_shows_what_runs_there(viewer: User, signed_in: SignedIn) -> None:
    node = NodeFactory(labels={"zone": "<b>"})
    endpoint_row(node=node)
    ContainerFactory(node=node, name="here")
    ContainerFactory(name="elsewhere")
    TaskFactory(node=node, service__name="web")
    page = page_of(signed_in(viewer), node)
    assert "here" in page
    assert "elsewhere" not in page
    assert "web.1" in page
    assert "zone=&lt;b&gt;" in page
    assert f'data-kind="node" data-ref="{node.pk}"' in page
    assert "dce-actions" not in page


def page_of(client: Client, node: Node) -> str:
    url = reverse("admin:nodes_node_change", args=[node.pk])
    return client.get(url).content.decode()


def test_a_node_without_an_engines_address_says_how_to_add_one(
    administrator: User, viewer: User, signed_in: SignedIn
) -> None:
    node = NodeFactory()
    add = reverse("admin:nodes_engineendpoint_add")
    assert add in page_of(signed_in(administrator), node)
    seen_by_viewer = page_of(signed_in(viewer), node)
    assert "Containers and usage are not known here" in seen_by_viewer
    assert add not in seen_by_viewer


def test_a_containers_page_has_usage_and_commands(viewer: User, signed_in: SignedIn) -> None:
    container = ContainerFactory(command="sh -c 'x'")
    url = reverse("admin:workloads_container_change", args=[container.pk])
    page = signed_in(viewer).get(url).content.decode()
    assert f'data-kind="container" data-ref="{container.pk}"' in page
    assert f"docker logs --follow --tail 100 {container.native_id[:12]}" in page


def action_url(node: Node, name: str = "drain") -> str:
    return reverse("admin:nodes_node_action", args=[node.pk, name])


def test_a_drain_says_what_moves_then_starts_an_operation(
    operator: User, signed_in: SignedIn
) -> None:
    node, client = NodeFactory(), signed_in(operator)
    TaskFactory(node=node, service__name="moves")
    TaskFactory(node=node, service__name="ended", state="failed", desired_state="shutdown")
    assert action_url(node) in page_of(client, node)
    confirm = client.get(action_url(node)).content.decode()
    assert "moves: 1 task" in confirm
    assert "ended" not in confirm
    answer = client.post(action_url(node))
    operation = Operation.objects.get()
    assert answer.url == reverse("admin:portal_operation_change", args=[operation.pk])
    assert (operation.kind, operation.actor) == ("node.update", operator)
    assert operation.parameters["availability"] == "drain"


def test_labels_are_edited_as_lines(operator: User, signed_in: SignedIn) -> None:
    node, client = NodeFactory(labels={"zone": "a", "old": "1"}), signed_in(operator)
    url = action_url(node, "labels")
    assert "old=1\nzone=a" in client.get(url).content.decode()
    assert client.post(url, {"labels": "zone=b\nnew = x=y \n"}).status_code == 302
    parameters = Operation.objects.get().parameters
    assert parameters["labels_to_set"] == {"zone": "b", "new": "x=y"}
    assert parameters["labels_to_remove"] == ["old"]


@pytest.mark.parametrize("text", ["bad key=1", "zone=1\nzone=2", "zone=a"])
def test_labels_that_cannot_be_are_explained_at_the_field(
    text: str, operator: User, signed_in: SignedIn
) -> None:
    node = NodeFactory(labels={"zone": "a"})
    url = action_url(node, "labels")
    page = signed_in(operator).post(url, {"labels": text})
    assert page.status_code == 200
    assert 'role="alert"' in page.content.decode()
    assert not Operation.objects.exists()


@pytest.mark.parametrize("who", ["viewer", "mallory"])
def test_only_operators_change_nodes(
    who: str, request: pytest.FixtureRequest, signed_in: SignedIn
) -> None:
    node, client = NodeFactory(), signed_in(request.getfixturevalue(who))
    labels = action_url(node, "labels")
    for url in (action_url(node), labels):
        assert client.get(url).status_code == 403
        assert client.post(url, {"labels": "a=b"}).status_code == 403
    assert not Operation.objects.exists()


def test_a_visitor_is_sent_to_the_login(client: Client) -> None:
    answer = client.post(action_url(NodeFactory()))
    assert answer.status_code == 302
    assert reverse("admin:login") in answer.url


def test_single_engines_and_unknown_words_have_no_such_page(
    operator: User, signed_in: SignedIn
) -> None:
    client = signed_in(operator)
    single = NodeFactory(cluster__kind=Cluster.Kind.ENGINES)
    assert client.get(action_url(single)).status_code == 404
    assert "dce-actions" not in page_of(client, single)
    assert client.get(action_url(NodeFactory(), "explode")).status_code == 404
    assert client.get(reverse("admin:nodes_node_action", args=[404, "labels"])).status_code == 404


def test_an_engines_address_is_added_and_checked(administrator: User, signed_in: SignedIn) -> None:
    client, url = signed_in(administrator), reverse("admin:nodes_engineendpoint_add")
    bad = client.post(url, {"url": "http://engine"})
    assert bad.status_code == 200
    assert "unix:///path/docker.sock" in bad.content.decode()
    assert client.post(url, {"url": "tcp://10.0.0.7:2376"}).status_code == 302
    assert EngineEndpoint.objects.get().url == "tcp://10.0.0.7:2376"


def test_addresses_from_the_settings_are_changed_there(
    administrator: User, signed_in: SignedIn
) -> None:
    client, row = signed_in(administrator), endpoint_row(from_settings=True)
    assert (
        client.get(reverse("admin:nodes_engineendpoint_change", args=[row.pk])).status_code == 200
    )
    delete = reverse("admin:nodes_engineendpoint_delete", args=[row.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403
    own = EngineEndpoint.objects.create(url="unix:///own")
    delete = reverse("admin:nodes_engineendpoint_delete", args=[own.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 302
    assert list(EngineEndpoint.objects.all()) == [row]


def test_a_viewer_adds_no_address(viewer: User, signed_in: SignedIn) -> None:
    url = reverse("admin:nodes_engineendpoint_add")
    assert signed_in(viewer).post(url, {"url": "unix:///x"}).status_code == 403
