"""The pages of a cluster and of an engine's address."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.nodes.models import Cluster, EngineEndpoint
from tests.factories.cluster import ClusterFactory, EventFactory, NodeFactory, ServiceFactory

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
ADD = "/admin/nodes/engineendpoint/add/"


def body(client: Client, name: str, pk: int) -> str:
    page = client.get(reverse(f"admin:nodes_{name}_change", args=[pk]))
    assert page.status_code == 200
    return page.content.decode()


def fill(cluster: Cluster, count: int) -> None:
    for number in range(count):
        node = NodeFactory(cluster=cluster)
        url = f"unix:///{cluster.pk}/{cluster.nodes.count()}/{number}"
        EngineEndpoint.objects.create(url=url, cluster=cluster, node=node)
        EventFactory(node=node)


def test_a_clusters_page_says_how_it_is_and_what_changed(viewer: User, signed_in: SignedIn) -> None:
    cluster = ClusterFactory()
    NodeFactory(cluster=cluster, hostname="well", is_leader=True, cpu_count=4)
    NodeFactory(cluster=cluster, hostname="lost", state="down", cpu_count=4)
    ServiceFactory(cluster=cluster, desired_tasks=3, running_tasks=2)
    EventFactory(node__cluster=cluster, kind="node.down", subject_label="lost")
    page = body(signed_in(viewer), "cluster", cluster.pk)
    for text in ("1 node down", "2 nodes ready", "2 of 3 tasks run", "is down", "docker node ls"):
        assert text in page
    assert page.index(">lost</a>") < page.index(">well</a>")
    assert f'data-kind="cluster" data-ref="{cluster.pk}"' in page
    assert "does not answer" not in page


def test_a_cluster_that_does_not_answer_says_what_to_look_at(
    viewer: User, administrator: User, signed_in: SignedIn
) -> None:
    cluster = ClusterFactory(stale_since=timezone.now(), stale_reason="Refused <here>.")
    page = body(signed_in(viewer), "cluster", cluster.pk)
    assert "The cluster does not answer" in page
    assert "Refused &lt;here&gt;." in page
    assert ADD not in page
    assert ADD in body(signed_in(administrator), "cluster", cluster.pk)


def test_a_clusters_page_takes_as_many_queries_for_many_nodes_as_for_few(
    viewer: User, queries_of: Callable[[User, str], int]
) -> None:
    cluster = ClusterFactory()
    url = reverse("admin:nodes_cluster_change", args=[cluster.pk])
    fill(cluster, 2)
    few = queries_of(viewer, url)
    fill(cluster, 30)
    assert queries_of(viewer, url) == few < 30


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({}, "not asked yet"),
        ({"last_ok_at": timezone.now(), "engine_id": "ABCD:EFGH"}, "answers"),
        ({"failures": 2, "last_error": "No route <to> host."}, "does not answer"),
        ({"last_ok_at": timezone.now(), "last_error": "Two addresses."}, "needs a look"),
    ],
)
def test_an_addresss_page_says_what_the_last_poll_met(
    facts: dict[str, object], word: str, viewer: User, signed_in: SignedIn
) -> None:
    endpoint = EngineEndpoint.objects.create(url="unix:///a", **facts)
    page = body(signed_in(viewer), "engineendpoint", endpoint.pk)
    assert f"</span> {word}" in page
    assert "<to>" not in page
    assert ("The first poll comes within seconds" in page) == (word == "not asked yet")


@pytest.fixture
def engine_socket(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "engine.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        yield path


def test_a_socket_must_be_there(
    administrator: User, signed_in: SignedIn, engine_socket: Path
) -> None:
    client = signed_in(administrator)
    page = client.post(ADD, {"url": f"unix://{engine_socket}.gone"})
    assert "There is no socket at" in page.content.decode()
    assert client.post(ADD, {"url": f"unix://{engine_socket}"}).status_code == 302
    assert EngineEndpoint.objects.get().url == f"unix://{engine_socket}"


def test_tls_files_must_be_there_and_come_in_pairs(
    administrator: User, signed_in: SignedIn, tmp_path: Path
) -> None:
    client, file = signed_in(administrator), tmp_path / "cert.pem"
    file.write_text("x")
    wish = {"url": "tcp://10.0.0.7:2376", "tls_ca": str(tmp_path / "ca.pem")}
    assert "There is no file" in client.post(ADD, wish).content.decode()
    wish = {"url": "tcp://10.0.0.7:2376", "tls_cert": str(file)}
    assert "Name both the certificate and its key" in client.post(ADD, wish).content.decode()
    assert client.post(ADD, {**wish, "tls_key": str(file)}).status_code == 302
    assert not EngineEndpoint.objects.get().lacks_tls


def test_an_agent_is_never_said_to_be_asked_in_the_clear() -> None:
    kinds = EngineEndpoint.Kind
    lacking = [kind for kind in kinds if EngineEndpoint(url="tcp://a:1", kind=kind).lacks_tls]
    assert lacking == [kinds.ENGINE, kinds.STANDALONE]


def test_a_socket_takes_no_tls_files(
    administrator: User, signed_in: SignedIn, engine_socket: Path, tmp_path: Path
) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("x")
    wish = {"url": f"unix://{engine_socket}", "tls_ca": str(file)}
    answer = signed_in(administrator).post(ADD, wish)
    assert "has no TLS" in answer.content.decode()


def test_an_address_without_tls_is_taken_with_a_warning(
    administrator: User, signed_in: SignedIn
) -> None:
    client = signed_in(administrator)
    answer = client.post(ADD, {"url": "tcp://10.0.0.7:2375"})
    assert next(iter(get_messages(answer.wsgi_request))).level_tag == "warning"
    endpoint = EngineEndpoint.objects.get()
    assert "asked without TLS" in body(client, "engineendpoint", endpoint.pk)


@pytest.mark.parametrize("name", ["cluster", "engineendpoint"])
def test_mallory_gets_no_page(name: str, mallory: User, signed_in: SignedIn) -> None:
    cluster = ClusterFactory()
    endpoint = EngineEndpoint.objects.create(url="unix:///a", cluster=cluster)
    pk = {"cluster": cluster.pk, "engineendpoint": endpoint.pk}[name]
    answer = signed_in(mallory).get(reverse(f"admin:nodes_{name}_change", args=[pk]))
    assert answer.status_code == 403
    assert signed_in(mallory).post(ADD, {"url": "unix:///x"}).status_code == 403
