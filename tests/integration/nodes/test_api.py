"""Clusters and nodes in the API, and what an operator does to a node."""

from __future__ import annotations

import pytest

from apps.nodes.models import EngineEndpoint
from dce_portal.models import Operation
from tests.factories.cluster import SEEN_AT, ClusterFactory, EventFactory, NodeFactory


@pytest.fixture
def node(db):
    return NodeFactory(labels={"zone": "a", "disk": "ssd"})


def test_a_viewer_reads_a_node_with_how_fresh_it_is(viewer, node, with_token):
    EngineEndpoint.objects.create(url="unix:///run/docker.sock", node=node)
    node.stale_since, node.stale_reason = SEEN_AT, "No answer."
    node.save()
    body = with_token(viewer).get(f"/api/v1/nodes/{node.pk}/").json()
    assert body["hostname"] == node.hostname
    assert body["cluster_name"] == node.cluster.name
    assert (body["is_fresh"], body["stale_reason"]) == (False, "No answer.")
    assert body["has_engine"] is True
    assert body["labels"] == {"zone": "a", "disk": "ssd"}


def test_lists_narrow_by_each_filter(viewer, with_token):
    wanted = NodeFactory(role="manager", availability="drain", state="down", hostname="Finch-1")
    wanted.stale_since = SEEN_AT
    wanted.save()
    NodeFactory.create_batch(2)
    script = with_token(viewer)
    for query in (
        f"cluster={wanted.cluster_id}",
        "role=manager",
        "availability=drain",
        "state=down",
        "search=finch",
        "stale=true",
    ):
        rows = script.get(f"/api/v1/nodes/?{query}").json()["results"]
        assert [row["id"] for row in rows] == [wanted.pk], query


def test_clusters_and_events_are_read(viewer, with_token):
    cluster, event = ClusterFactory(), EventFactory(severity="error")
    script = with_token(viewer)
    assert script.get(f"/api/v1/clusters/{cluster.pk}/").json()["name"] == cluster.name
    rows = script.get("/api/v1/events/?severity=error").json()["results"]
    assert [row["id"] for row in rows] == [event.pk]


@pytest.mark.parametrize(
    ("verb", "availability"), [("drain", "drain"), ("activate", "active"), ("pause", "pause")]
)
def test_an_operator_starts_an_operation_and_is_told_where_it_is(
    verb, availability, operator, with_token
):
    node = NodeFactory(availability="pause" if verb != "pause" else "active")
    script = with_token(operator)
    answer = script.post(f"/api/v1/nodes/{node.pk}/{verb}/", {}, "application/json")
    assert answer.status_code == 202
    followed = script.get(answer["Location"]).json()
    assert followed["id"] == answer.json()["id"]
    assert (followed["state"], followed["target_id"]) == ("queued", str(node.pk))
    operation = Operation.objects.get()
    assert operation.actor == operator
    assert operation.credential.startswith("script (dcep_")
    assert availability in str(operation.parameters)


@pytest.mark.parametrize(
    ("method", "labels", "to_set", "to_remove"),
    [
        ("put", {"rack": "7"}, {"rack": "7"}, ["disk", "zone"]),
        ("patch", {"rack": "7", "zone": None}, {"rack": "7"}, ["zone"]),
    ],
)
def test_labels_are_replaced_or_changed(  # noqa: PLR0917 - fixtures and cases
    method, labels, to_set, to_remove, operator, node, with_token
):
    script, address = with_token(operator), f"/api/v1/nodes/{node.pk}/labels/"
    answer = getattr(script, method)(address, {"labels": labels}, "application/json")
    assert answer.status_code == 202
    asked = Operation.objects.get().parameters
    assert (asked["labels_to_set"], sorted(asked["labels_to_remove"])) == (to_set, to_remove)


@pytest.mark.parametrize(
    "labels", [{"": "x"}, {"a\x00": "x"}, {"a": None}, {"a": {"b": 1}}, {"x" * 300: ""}, "text"]
)
def test_labels_that_no_swarm_takes_are_refused(labels, operator, node, with_token):
    address = f"/api/v1/nodes/{node.pk}/labels/"
    answer = with_token(operator).put(address, {"labels": labels}, "application/json")
    assert answer.status_code == 400
    assert not Operation.objects.exists()


@pytest.mark.parametrize("verb", ["drain", "activate", "pause"])
def test_a_viewer_and_mallory_change_nothing(verb, viewer, mallory, node, with_token):
    for person in (viewer, mallory):
        assert with_token(person).post(f"/api/v1/nodes/{node.pk}/{verb}/").status_code == 403
    assert not Operation.objects.exists()


@pytest.mark.parametrize("collection", ["clusters", "nodes", "events"])
def test_lists_ask_as_many_queries_for_many_rows_as_for_few(collection, viewer, queries_of):
    EventFactory.create_batch(2)
    few = queries_of(viewer, f"/api/v1/{collection}/")
    EventFactory.create_batch(20)
    assert queries_of(viewer, f"/api/v1/{collection}/") == few
