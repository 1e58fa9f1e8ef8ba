"""What charts mark: which events belong to which thing, and who may see them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission

from apps.metrics.marks import MOST
from tests.factories.accounts import OperationFactory
from tests.factories.cluster import (
    ClusterFactory,
    ContainerFactory,
    EventFactory,
    NodeFactory,
    ServiceFactory,
    TaskFactory,
)

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
ADDRESS = "/api/v1/samples/marks/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_that_time():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def node():
    return NodeFactory(cluster=ClusterFactory(name="prod"), hostname="node-1")


@pytest.fixture
def shop(node):
    return ServiceFactory(cluster=node.cluster, name="shop", stack="mall")


def happened(node, kind: str, *, ago_s: int = 60, **choices):
    at = NOW - timedelta(seconds=ago_s)
    return EventFactory(node=node, cluster=node.cluster, at=at, kind=kind, **choices)


def marks(client, kind: str, ref: int, **query):
    answer = client.get(ADDRESS, {"kind": kind, "ref": ref, **query})
    assert answer.status_code == 200, answer.content
    return answer.json()


def kinds(client, kind: str, ref: int, **query) -> list[str]:
    return [mark["kind"] for mark in marks(client, kind, ref, **query)["marks"]]


def test_a_node_marks_its_own_states_and_the_deaths_on_it(node, viewer, signed_in):
    other = NodeFactory(cluster=node.cluster)
    happened(node, "node.stale", ago_s=300, severity="warning", detail={"reason": "Timed out."})
    happened(node, "node.back", ago_s=200)
    happened(node, "container.oom", ago_s=100, subject_kind="container", severity="error")
    happened(node, "service.scaled", ago_s=90, subject_kind="service")
    happened(other, "container.oom", subject_kind="container")

    found = marks(signed_in(viewer), "node", node.pk)["marks"]

    assert [one["kind"] for one in found] == ["node.stale", "node.back", "container.oom"]
    assert [one["tone"] for one in found] == ["late", "good", "bad"]
    assert [one["silence"] for one in found] == [True, False, False]
    assert found[0]["text"] == "does not answer: Timed out."
    assert found[0]["at"] == int(NOW.timestamp()) - 300


def test_a_service_marks_its_deploys_and_what_befell_its_tasks(node, shop, viewer, signed_in):
    happened(node, "service.image", ago_s=300, subject_kind="service", subject_label="shop")
    happened(
        node, "container.started", ago_s=200, subject_kind="container", subject_label="shop.1.x"
    )
    happened(node, "task.failed", ago_s=100, subject_kind="task", subject_label="shop.1", severity="error")  # fmt: skip
    # A service whose name begins alike, and one of the same name elsewhere.
    happened(node, "task.failed", subject_kind="task", subject_label="shopping.1")
    happened(NodeFactory(), "service.image", subject_kind="service", subject_label="shop")

    assert kinds(signed_in(viewer), "service", shop.pk) == [
        "service.image",
        "container.started",
        "task.failed",
    ]


def test_the_first_task_of_a_new_image_is_a_deploy_nobody_polled(node, shop, viewer, signed_in):
    for ago_s, image in ((5000, "team/app:1"), (500, "team/app:2"), (400, "team/app:2")):
        TaskFactory(service=shop, node=node, image=image, created_at=NOW - timedelta(seconds=ago_s))

    (mark,) = marks(signed_in(viewer), "service", shop.pk)["marks"]

    assert (mark["kind"], mark["at"]) == ("task.image", int(NOW.timestamp()) - 500)
    assert mark["text"] == "started with the image team/app:2"
    happened(node, "service.image", ago_s=495, subject_kind="service", subject_label="shop")
    assert kinds(signed_in(viewer), "service", shop.pk) == ["service.image"]


def test_the_oldest_image_known_is_no_deploy(node, shop, viewer, signed_in):
    TaskFactory(service=shop, node=node, created_at=NOW - timedelta(seconds=60))

    assert kinds(signed_in(viewer), "service", shop.pk) == []


def test_a_container_marks_itself_its_node_and_its_services_deploys(node, shop, viewer, signed_in):
    container = ContainerFactory(node=node, service=shop, name="shop.1.x")
    itself = {"subject_kind": "container", "subject_id": container.native_id}
    happened(node, "container.oom", ago_s=300, **itself)
    happened(node, "node.stale", ago_s=200)
    happened(node, "service.image", ago_s=100, subject_kind="service", subject_label="shop")
    happened(node, "container.oom", subject_kind="container", subject_id="another")

    assert kinds(signed_in(viewer), "container", container.pk) == [
        "container.oom",
        "node.stale",
        "service.image",
    ]


def test_a_cluster_marks_nodes_and_deploys_and_no_single_restarts(node, viewer, signed_in):
    happened(node, "node.joined", ago_s=300)
    happened(node, "service.created", ago_s=200, subject_kind="service", subject_label="shop")
    happened(node, "container.started", ago_s=100, subject_kind="container")

    assert kinds(signed_in(viewer), "cluster", node.cluster_id) == [
        "node.joined",
        "service.created",
    ]


def test_operations_are_marked_for_whom_they_are_shown(node, viewer, operator, signed_in):
    operation = OperationFactory(
        target_kind="node", target_id=str(node.pk), title="Drain node-1", state="failed"
    )

    (mark,) = marks(signed_in(operator), "node", node.pk, to=_after(60))["marks"]

    assert (mark["subject"], mark["text"], mark["tone"]) == ("Drain node-1", "failed", "bad")
    assert str(operation.pk) in mark["link"]
    assert kinds(signed_in(viewer), "node", node.pk, to=_after(60)) == []


def _after(seconds: int) -> str:
    return (NOW + timedelta(seconds=seconds)).isoformat()


def test_only_what_lies_in_the_range(node, viewer, signed_in):
    happened(node, "node.back", ago_s=3600)

    assert kinds(signed_in(viewer), "node", node.pk) == []
    day = (NOW - timedelta(days=1)).isoformat()
    assert kinds(signed_in(viewer), "node", node.pk, **{"from": day}) == ["node.back"]


def test_the_newest_are_kept_and_the_cut_is_told(node, viewer, signed_in):
    for number in range(MOST + 5):
        happened(node, "node.back", ago_s=1 + number)

    answer = marks(signed_in(viewer), "node", node.pk)

    assert answer["is_cut"] is True
    assert len(answer["marks"]) == MOST
    assert answer["marks"][-1]["at"] == int(NOW.timestamp()) - 1


def test_the_number_of_queries_is_fixed(
    node, shop, viewer, signed_in, django_assert_max_num_queries
):
    for number in range(20):
        happened(node, "task.failed", ago_s=number, subject_kind="task", subject_label="shop.1")
    client = signed_in(viewer)
    marks(client, "service", shop.pk)

    with django_assert_max_num_queries(11):
        marks(client, "service", shop.pk)


def test_who_may_not_see_events_gets_none(node, bob, signed_in):
    bob.user_permissions.add(Permission.objects.get(codename="view_node"))
    happened(node, "node.back")

    assert kinds(signed_in(bob), "node", node.pk) == []


@pytest.mark.parametrize("kind", ["cluster", "node", "service", "container", "stack"])
def test_mallory_is_refused(kind, node, mallory, signed_in):
    assert signed_in(mallory).get(ADDRESS, {"kind": kind, "ref": node.pk}).status_code == 404


def test_nobody_is_asked_to_sign_in(node, client):
    assert client.get(ADDRESS, {"kind": "node", "ref": node.pk}).status_code == 401


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"kind": "planet"}, "kind"),
        ({"ref": "x"}, "ref"),
        ({"from": "2026-03-02T00:00:00Z"}, "from"),
        ({"from": "2024-01-01T00:00:00Z"}, "from"),
        ({"form": "2026-03-01T00:00:00Z"}, "form"),
    ],
)
def test_what_cannot_be_answered_names_the_field(query, field, node, viewer, signed_in):
    answer = signed_in(viewer).get(ADDRESS, {"kind": "node", "ref": node.pk} | query)

    assert answer.status_code == 400
    assert field in answer.json()["error"]["fields"]
