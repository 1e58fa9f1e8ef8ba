"""The map of a cluster: who sees it, what stands in it, how much it asks the database."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.nodes.models import Cluster
from apps.workloads.tiles import MOST_TILES_A_NODE
from tests.factories.cluster import (
    ClusterFactory,
    ContainerFactory,
    NodeFactory,
    ServiceFactory,
    TaskFactory,
)

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]


@pytest.fixture
def cluster() -> Cluster:
    return ClusterFactory()


def url(cluster: Cluster) -> str:
    return reverse("admin:nodes_cluster_map", args=[cluster.pk])


def shown(client: Client, cluster: Cluster, **filters: str) -> str:
    page = client.get(url(cluster), filters)
    assert page.status_code == 200
    return page.content.decode()


def test_each_node_has_its_tasks(viewer: User, signed_in: SignedIn, cluster: Cluster) -> None:
    first, second = NodeFactory.create_batch(2, cluster=cluster)
    web = ServiceFactory(cluster=cluster, name="web")
    task = TaskFactory(node=first, service=web, slot=3)
    TaskFactory(node=second, service=web, desired_state="shutdown", state="complete", slot=7)
    page = shown(signed_in(viewer), cluster)
    assert reverse("admin:workloads_task_change", args=[task.pk]) in page
    assert page.count('class="dce-tile ') == 1
    assert page.index(first.hostname) < page.index("dce-tile ")
    assert "Nothing runs here." in page


def test_tasks_that_no_node_takes_stand_first(
    viewer: User, signed_in: SignedIn, cluster: Cluster
) -> None:
    NodeFactory(cluster=cluster)
    TaskFactory(node=None, cluster=cluster, state="pending", service__cluster=cluster)
    assert "Waiting for a node" in shown(signed_in(viewer), cluster)


def test_a_lost_node_is_striped_and_says_why(
    viewer: User, signed_in: SignedIn, cluster: Cluster
) -> None:
    NodeFactory(cluster=cluster, state="down", stale_reason="No <route> to host.")
    page = shown(signed_in(viewer), cluster)
    assert 'class="dce-map-node dce-stripes"' in page
    assert "No &lt;route&gt; to host." in page


@pytest.mark.parametrize(
    ("filters", "tiles", "nodes"),
    [
        ({}, 3, 2),
        ({"service": "web"}, 2, 2),
        ({"service": "web", "state": "failed"}, 1, 2),
        ({"label": "zone=b"}, 1, 1),
        ({"label": "zone"}, 3, 2),
        ({"label": "zone=nowhere"}, 0, 0),
    ],
)
def test_filters_choose(
    viewer: User,
    signed_in: SignedIn,
    cluster: Cluster,
    filters: dict[str, str],
    tiles: int,
    nodes: int,
) -> None:
    here, there = NodeFactory(cluster=cluster), NodeFactory(cluster=cluster, labels={"zone": "b"})
    web = ServiceFactory(cluster=cluster, name="web")
    TaskFactory(node=here, service=web)
    TaskFactory(node=there, service=web, state="failed")
    TaskFactory(node=here, service=ServiceFactory(cluster=cluster, name="db"))
    page = shown(signed_in(viewer), cluster, **filters)
    assert page.count('class="dce-tile ') == tiles
    assert page.count('class="dce-map-node') == nodes
    assert ("No node matches" in page) == (not nodes)


def test_a_single_engine_shows_its_containers(viewer: User, signed_in: SignedIn) -> None:
    engines = ClusterFactory(kind=Cluster.Kind.ENGINES)
    container = ContainerFactory(node__cluster=engines)
    page = shown(signed_in(viewer), engines)
    assert reverse("admin:workloads_container_change", args=[container.pk]) in page


def test_many_tiles_are_counted_not_drawn(
    viewer: User, signed_in: SignedIn, cluster: Cluster
) -> None:
    node = NodeFactory(cluster=cluster)
    TaskFactory.create_batch(MOST_TILES_A_NODE + 2, node=node, service__cluster=cluster)
    page = shown(signed_in(viewer), cluster)
    assert page.count('class="dce-tile ') == MOST_TILES_A_NODE
    assert "and 2 more" in page


def test_an_empty_cluster_teaches(viewer: User, signed_in: SignedIn, cluster: Cluster) -> None:
    assert "No node is known yet" in shown(signed_in(viewer), cluster)


def test_it_asks_as_often_for_many_nodes_as_for_few(
    viewer: User, queries_of: Callable[[User, str], int], cluster: Cluster
) -> None:
    TaskFactory.create_batch(2, node__cluster=cluster)
    few = queries_of(viewer, url(cluster))
    TaskFactory.create_batch(20, node__cluster=cluster)
    assert queries_of(viewer, url(cluster)) == few < 20


def test_mallory_sees_no_map(mallory: User, signed_in: SignedIn, cluster: Cluster) -> None:
    assert signed_in(mallory).get(url(cluster)).status_code in {302, 403, 404}


def test_there_is_no_map_of_no_cluster(viewer: User, signed_in: SignedIn) -> None:
    assert signed_in(viewer).get("/admin/nodes/cluster/4711/map/").status_code == 404
