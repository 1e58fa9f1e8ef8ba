"""The dashboard answers "is anything wrong?" in a bounded number of queries, and teaches when it is empty."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.nodes.models import Node
from tests.factories.cluster import ClusterFactory, ContainerFactory, EventFactory, NodeFactory
from tests.factories.metrics import polls

ADDRESS = "/admin/"


@pytest.fixture(autouse=True)
def _staff(viewer, mallory):
    for person in (viewer, mallory):
        person.is_staff = True
        person.save()


def page_of(browser, **query) -> str:
    answer = browser.get(ADDRESS, query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_says_what_is_wrong_first(cluster, nodes, viewer, signed_in):
    Node.objects.filter(pk=nodes[0].pk).update(
        stale_since=timezone.now(), stale_reason="10.0.0.1:2376 did not answer within 5 s"
    )
    polls(nodes, start=timezone.now() - timedelta(seconds=30), count=4)

    page = page_of(signed_in(viewer))

    assert "1 node late" in page
    assert "did not answer within 5 s" in page
    assert "4 of 4 tasks run" in page
    assert page.index("1 node late") < page.index("Busiest now")


def test_shows_nodes_usage_and_the_busiest(cluster, nodes, viewer, signed_in):
    polls(nodes, start=timezone.now() - timedelta(seconds=30), count=4)
    EventFactory(cluster=cluster, node=nodes[0], kind="node.down", subject_label="node-1")

    page = page_of(signed_in(viewer))

    assert "2 nodes ready" in page
    assert "1.00 cores" in page
    assert nodes[0].containers.first().name in page
    assert "is down" in page
    assert 'data-kind="cluster"' in page


def test_the_queries_do_not_grow_with_the_nodes(cluster, viewer, queries_of):
    few = queries_of(viewer, ADDRESS)
    for node in NodeFactory.create_batch(95, cluster=cluster):
        ContainerFactory(node=node)

    assert queries_of(viewer, ADDRESS) <= few


def test_another_cluster_can_be_chosen(cluster, viewer, signed_in):
    other = ClusterFactory(name="staging")

    page = page_of(signed_in(viewer), cluster=other.pk)

    assert f'href="?cluster={other.pk}" aria-current="page"' in page
    assert page_of(signed_in(viewer), cluster="nonsense")


def test_an_empty_portal_says_how_to_connect_an_engine(viewer, signed_in):
    page = page_of(signed_in(viewer))

    assert "No Docker engine is connected yet" in page
    assert "DCE_DOCKER_HOST=unix:///var/run/docker.sock" in page
    assert "docker login -u vera testserver" in page


def test_mallory_sees_a_friendly_page_and_nothing_else(cluster, nodes, mallory, signed_in):
    polls(nodes, start=timezone.now() - timedelta(seconds=30), count=4)
    EventFactory(cluster=cluster, node=nodes[0])

    page = page_of(signed_in(mallory))

    assert "Welcome, mallory" in page
    assert "node-1" not in page
    assert "prod" not in page
    assert "host-1" not in page
