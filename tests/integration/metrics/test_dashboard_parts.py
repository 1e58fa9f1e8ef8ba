"""The parts of the dashboard: totals, tiles, small lines, the busiest, alerts, the registry's disk, the kiosk."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from apps.metrics.dashboard import AlertLine, board, status
from apps.metrics.models import MetricObject, MinuteSample
from apps.nodes.models import Cluster, Node
from apps.workloads.models import Service
from tests.factories.alerts import AlertFactory
from tests.factories.cluster import ClusterFactory, NodeFactory, ServiceFactory
from tests.factories.metrics import polls

ADDRESS = "/admin/"
GIB = 2**30


@pytest.fixture(autouse=True)
def _staff(viewer, mallory):
    for person in (viewer, mallory):
        person.is_staff = True
        person.save()


def page_of(browser, **query) -> str:
    answer = browser.get(ADDRESS, query)
    assert answer.status_code == 200
    return answer.content.decode()


def measured(node, **figures) -> MetricObject:
    return MetricObject.objects.create(
        kind="node",
        ref=node.pk,
        label=node.hostname,
        source="agent",
        cluster_ref=node.cluster_id,
        last_sample_at=timezone.now(),
        **figures,
    )


def test_totals_count_what_running_tasks_promise(cluster, nodes, viewer, signed_in):
    Service.objects.update(
        cpu_reservation=0.5,
        cpu_limit=1.0,
        memory_reservation_bytes=GIB,
        memory_limit_bytes=2 * GIB,
        running_tasks=3,
    )
    ServiceFactory(cluster=cluster, name="free", running_tasks=2, desired_tasks=2)
    polls(nodes, start=timezone.now() - timedelta(seconds=30), count=4)

    page = page_of(signed_in(viewer))

    # 3 × 0.5 of 8 cores, 3 × 1 GiB of 8 GiB; the service without a limit has two tasks.
    for text in ("1.50 cores", "3.00 cores", "8 cores", "3.0 GiB", "6.0 GiB", "8.0 GiB"):
        assert text in page
    assert "2 running tasks have no limit." in page


def test_more_reserved_than_there_is_said(cluster, nodes, viewer, signed_in):
    Service.objects.update(cpu_reservation=4.0, running_tasks=3)

    assert "More is reserved than the nodes have" in page_of(signed_in(viewer))


def test_a_nodes_last_hour_is_drawn_with_its_gap(cluster, nodes, viewer, signed_in):
    row = measured(nodes[0], cpu_cores=2.0, memory_bytes=2.0 * GIB)
    now_s = int(timezone.now().timestamp()) // 60 * 60
    for age in (1, 2, 3, 30, 31):
        MinuteSample.objects.create(
            object=row, minute_s=now_s - 60 * age, cpu_cores_count=6, cpu_cores_sum=12.0
        )

    page = page_of(signed_in(viewer))

    line = page[page.index('<path d="') :].split('"')[1]
    assert line.count("M") == 2
    # Two of four processors lie in the middle of the line's height.
    assert {point.split()[-1] for point in line.replace("L", " ").split("M")[1:]} == {"12"}


def test_every_node_has_a_tile_and_few_have_a_row(cluster, viewer, signed_in):
    NodeFactory.create_batch(60, cluster=cluster)

    page = page_of(signed_in(viewer))

    assert page.count("data-heat=") == 62
    assert page.count("<tr data-node=") == 12
    assert "50 more nodes" in page


def test_states_lead_to_lists_that_exist(cluster, nodes, viewer, signed_in):
    Node.objects.filter(pk=nodes[0].pk).update(state="down")
    Service.objects.update(running_tasks=1, desired_tasks=4)
    browser = signed_in(viewer)

    page = page_of(browser)

    assert "Something is wrong" in page
    links = [part.split('"')[0] for part in page.split('class="dce-fact" href="')[1:]]
    assert any("state__in=down,disconnected,unhealthy" in link for link in links)
    for link in links:
        assert browser.get(link.replace("&amp;", "&")).status_code == 200
    down = browser.get(f"/admin/nodes/node/?cluster__id__exact={cluster.pk}&state__in=down")
    assert "node-1" in down.content.decode()
    assert "node-2" not in down.content.decode()


def test_the_busiest_services_and_containers_by_each_measure(cluster, nodes, viewer, signed_in):
    polls(nodes, start=timezone.now() - timedelta(seconds=30), count=4)
    own = MetricObject.objects.filter(kind="container")
    loud, fat = own.order_by("pk")[0], own.order_by("pk")[1]
    own.filter(pk=loud.pk).update(network_tx_bps=9e9)
    own.filter(pk=fat.pk).update(memory_bytes=7.0 * GIB)
    browser = signed_in(viewer)

    def first_container(by: str) -> str:
        answer = browser.get("/admin/busiest/", {"cluster": cluster.pk, "by": by})
        rows = answer.content.decode().split('<tbody data-busiest="containers">')[1]
        return rows.split('title="')[1].split('"')[0]

    assert first_container("network") == loud.label
    assert first_container("memory") == fat.label
    assert ">shop</a>" in page_of(browser)


def test_an_alert_is_told_first_and_linked(cluster, nodes, viewer, signed_in, monkeypatch):
    line = AlertLine("critical", "Disk of node-1 is 97 % full", timezone.now(), "/admin/somewhere/")
    monkeypatch.setattr(board, "open_alerts_of", lambda user, cluster: [line])

    page = page_of(signed_in(viewer))

    assert "Something is wrong" in page
    assert 'href="/admin/somewhere/">Disk of node-1 is 97 % full</a>' in page
    assert page.index("1 alert") < page.index("2 nodes ready")


@pytest.mark.parametrize(("free", "tone"), [(50, "good"), (15, "late"), (4, "bad")])
def test_the_registrys_disk_is_told_where_it_is_ours(monkeypatch, settings, free, tone):
    disk = SimpleNamespace(total=100 * GIB, free=free * GIB)
    monkeypatch.setattr(status.shutil, "disk_usage", lambda path: disk)

    assert status.registry_fill().tone == tone
    settings.REGISTRY_URL = "https://registry.example"
    assert status.registry_fill() is None


def test_a_registry_on_another_machine_says_nothing(settings, tmp_path):
    settings.PATHS = SimpleNamespace(registry_data=tmp_path / "none")

    assert status.registry_fill() is None


def test_the_kiosk_has_no_menu_and_knows_what_comes_next(cluster, viewer, signed_in):
    other = ClusterFactory(name="zeta")
    browser = signed_in(viewer)

    page = page_of(browser, kiosk="1", rotate="30", cluster=cluster.pk, range="24h")

    assert 'id="nav-sidebar"' not in page
    assert 'data-turns-s="30"' in page
    assert f'data-next="?cluster={other.pk}&amp;range=24h&amp;kiosk=1&amp;rotate=30"' in page
    assert 'data-range-s="86400"' in page
    last = page_of(browser, kiosk="1", rotate="30", cluster=other.pk)
    assert f'data-next="?cluster={cluster.pk}&amp;' in last


def test_one_cluster_does_not_turn(cluster, viewer, signed_in):
    assert 'data-turns-s="0"' in page_of(signed_in(viewer), kiosk="1", rotate="30")


def test_the_kiosk_is_dark_unless_it_shall_be_light(cluster, viewer, signed_in):
    browser = signed_in(viewer)

    assert 'class="dark"' in page_of(browser, kiosk="1")
    assert 'class="light"' in page_of(browser, kiosk="1", theme="light")


def test_looking_at_the_kiosk_does_not_lengthen_the_session(cluster, viewer, signed_in):
    browser = signed_in(viewer)

    answer = browser.get(ADDRESS, {"kiosk": "1"})

    assert "dce_session" not in answer.cookies


def test_the_kiosk_without_a_cluster_teaches_as_the_page_does(viewer, signed_in):
    assert "No Docker engine is connected yet" in page_of(signed_in(viewer), kiosk="1")


def test_a_viewer_of_clusters_alone_sees_no_nodes_and_no_promises(cluster, nodes, bob, signed_in):
    from django.contrib.auth.models import Permission

    bob.user_permissions.add(Permission.objects.get(codename="view_cluster"))
    Service.objects.update(cpu_reservation=0.5, running_tasks=4)

    page = strip_tags(page_of(signed_in(bob)))

    assert "prod" in page
    for text in ("node-1", "tasks run", "reserved", "Busiest now"):
        assert text not in page


def test_mallory_gets_no_part(cluster, nodes, mallory, signed_in, client):
    polls(nodes, start=timezone.now() - timedelta(seconds=30), count=4)

    assert signed_in(mallory).get("/admin/busiest/").status_code == 404
    assert "prod" not in page_of(signed_in(mallory), kiosk="1")
    assert client.get("/admin/busiest/").status_code == 302


def test_the_busiest_part_takes_few_queries(cluster, nodes, viewer, queries_of):
    polls(nodes, start=timezone.now() - timedelta(seconds=30), count=4)

    assert queries_of(viewer, "/admin/busiest/?by=memory") <= 9
    assert Cluster.objects.count() == 1


def test_an_alert_that_fires_stands_on_the_board(cluster, nodes, viewer, bob, signed_in):
    alert = AlertFactory(cluster=cluster, object_label="node-1 is nearly full")

    page = page_of(signed_in(viewer))

    assert reverse("admin:alerts_alert_change", args=[alert.pk]) in page
    assert "node-1 is nearly full" in page
    assert "node-1 is nearly full" not in page_of(signed_in(bob))
