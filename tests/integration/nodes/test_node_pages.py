"""The list of nodes and a node's page: usage, certificate, disk, connection, and what they ask the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.metrics.models import MetricObject
from apps.nodes.models import AgentCertificate, EngineDiskUsage, EngineEndpoint, Node
from apps.nodes.ports.upkeep import DiskShare, DiskUsage
from tests.factories.cluster import EventFactory, ImageFactory, NodeFactory, TaskFactory

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
LIST = "/admin/nodes/node/"
TABS = ("Usage", "Tasks and containers", "Images and disk", "Events", "Labels", "Connection")


def certified(node: Node, **values: object) -> AgentCertificate:
    endpoint, _is_new = EngineEndpoint.objects.get_or_create(
        url=f"tcp://10.0.0.{node.pk % 250}:12376",
        defaults={"kind": "agent", "node": node, "cluster": node.cluster},
    )
    now = timezone.now()
    number = AgentCertificate.objects.count()
    defaults = {"issued_at": now, "expires_at": now + timedelta(days=90)}
    return AgentCertificate.objects.create(
        endpoint=endpoint,
        name="agent-1.dce",
        serial_hex=f"{number:040x}",
        fingerprint_sha256=f"{number:064x}",
        authority_fingerprint="0" * 64,
        **{**defaults, **values},
    )


def page_of(client: Client, node: Node) -> str:
    answer = client.get(reverse("admin:nodes_node_change", args=[node.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def listed(client: Client) -> str:
    answer = client.get(LIST)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_shows_usage_of_what_each_node_has(viewer: User, signed_in: SignedIn) -> None:
    node = NodeFactory(cpu_count=4, memory_bytes=8 << 30, agent_version="1.2.3")
    MetricObject.objects.create(
        kind="node",
        ref=node.pk,
        label=node.hostname,
        source="agent",
        cluster_ref=node.cluster_id,
        last_sample_at=timezone.now(),
        cpu_cores=1,
        memory_bytes=2 << 30,
        disk_used_bytes=30 << 30,
        disk_total_bytes=40 << 30,
    )
    TaskFactory.create_batch(3, node=node, service__cluster=node.cluster)
    TaskFactory(node=node, service__cluster=node.cluster, state="failed")
    page = listed(signed_in(viewer))
    assert page.count("--share: 0.2500") == 2
    assert "75 % of 40.0 GiB" in page
    assert "1.2.3" in page
    assert '<td class="field-tasks' in page


def test_the_newest_valid_certificate_counts(viewer: User, signed_in: SignedIn) -> None:
    node = NodeFactory()
    now = timezone.now()
    soon = certified(node, expires_at=now + timedelta(days=30)).expires_at
    certified(node, expires_at=now + timedelta(days=300), revoked_at=now)
    page = listed(signed_in(viewer))
    assert f"{timezone.localtime(soon):%Y-%m-%d}" in page
    assert f"{timezone.localtime(now + timedelta(days=300)):%Y-%m-%d}" not in page


def test_the_list_asks_as_often_for_many_nodes_as_for_few(
    viewer: User, queries_of: Callable[[User, str], int]
) -> None:
    TaskFactory.create_batch(2)
    few = queries_of(viewer, LIST)
    for task in TaskFactory.create_batch(20):
        certified(task.node)
    assert queries_of(viewer, LIST) == few < 20


def test_the_list_moves_only_for_those_who_may_watch(
    viewer: User, administrator: User, signed_in: SignedIn
) -> None:
    node = NodeFactory()
    assert f'data-watch="{node.cluster_id}"' in listed(signed_in(administrator))
    viewer.groups.clear()
    assert signed_in(viewer).get(LIST).status_code == 403


def test_a_nodes_page_has_its_tabs(viewer: User, signed_in: SignedIn) -> None:
    page = page_of(signed_in(viewer), NodeFactory())
    positions = [page.index(f'data-tab="{tab}"') for tab in TABS]
    assert positions == sorted(positions)


def test_empty_tabs_teach(viewer: User, signed_in: SignedIn) -> None:
    node = NodeFactory(labels={})
    EngineEndpoint.objects.create(url="unix:///run/one.sock", node=node, cluster=node.cluster)
    page = page_of(signed_in(viewer), node)
    for text in ("No labels", "Nothing changed on this node yet", "No images on this node"):
        assert text in page


def test_disk_and_images_stand_together(viewer: User, signed_in: SignedIn) -> None:
    node = NodeFactory()
    ImageFactory(node=node, tags=["team/big:1"], size_bytes=3 << 30)
    usage = DiskUsage(images=DiskShare(count=7, size_bytes=5 << 30, free_bytes=2 << 30))
    EngineDiskUsage.objects.create(node=node, measured_at=timezone.now(), usage=usage.as_columns())
    page = page_of(signed_in(viewer), node)
    for text in ("team/big:1", "3.0 GiB", "5.0 GiB", "2.0 GiB", "Frees at least"):
        assert text in page


def test_the_connection_says_what_to_check(viewer: User, signed_in: SignedIn) -> None:
    node = NodeFactory(clock_skew_s=7201.5, swarm_certificate_expires_at=timezone.now())
    certified(node)
    EngineEndpoint.objects.filter(node=node).update(failures=2, last_error="Refused <here>.")
    page = page_of(signed_in(viewer), node)
    for text in ("Refused &lt;here&gt;.", "7201.5 s off", "docker logs --tail 50 dce-agent"):
        assert text in page


def test_a_revoked_certificate_is_told(viewer: User, signed_in: SignedIn) -> None:
    node = NodeFactory()
    certified(node, revoked_at=timezone.now(), revoked_reason="Removed.")
    page = page_of(signed_in(viewer), node)
    assert 'title="Removed."' in page
    assert "revoked" in page


def test_the_page_asks_as_often_for_much_as_for_little(
    viewer: User, queries_of: Callable[[User, str], int]
) -> None:
    node = NodeFactory()
    certified(node)
    url = reverse("admin:nodes_node_change", args=[node.pk])
    TaskFactory(node=node, service__cluster=node.cluster)
    few = queries_of(viewer, url)
    for _number in range(10):
        certified(node)
        ImageFactory(node=node)
        EventFactory(node=node)
        TaskFactory(node=node, service__cluster=node.cluster)
    assert queries_of(viewer, url) == few < 30


def test_mallory_sees_neither(mallory: User, signed_in: SignedIn) -> None:
    node = NodeFactory()
    client = signed_in(mallory)
    assert client.get(LIST).status_code == 403
    assert client.get(reverse("admin:nodes_node_change", args=[node.pk])).status_code == 403
