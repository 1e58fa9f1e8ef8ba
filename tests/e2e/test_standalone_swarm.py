"""A seed-style cluster: real engines, a real etcd, two managers, the portal above them, and a browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.site import Site, by_name
from tests.e2e.swarm_manage import ManagerProcess, managers
from tests.lab.certificates import Authority, TlsFiles
from tests.lab.engine import EngineOptions
from tests.lab.host import wait_until
from tests.lab.images import BUSYBOX_IMAGE
from tests.lab.naming import API_PORT
from tests.lab.swarm import Lab
from tests.plugins.etcd import EtcdServer
from tests.plugins.portal import PASSWORD

pytestmark = [pytest.mark.lab, pytest.mark.portal, pytest.mark.etcd, pytest.mark.browser]

SHOWN_WITHIN_S = 60
NAME = "seed"


@dataclass
class Cluster:
    """Everything of one standalone Swarm, and its row in the portal."""

    site: Site
    lab: Lab
    started: dict[str, str]
    """The containers that were started beside the Swarm, by their node's name."""
    etcd: EtcdServer
    managers: list[ManagerProcess]
    pk: int

    def row(self) -> dict[str, Any]:
        """The cluster as the API tells it."""
        return dict(self.site.api().get(f"clusters/{self.pk}/"))

    def nodes(self) -> dict[str, dict[str, Any]]:
        """Its nodes by host name."""
        return by_name(self.site.api().list("nodes/", cluster=self.pk), "hostname")

    def primary(self) -> ManagerProcess:
        """The manager that holds the leader's key."""
        return next(one for one in self.managers if one.address == self.etcd.primary())

    def wait(self, is_so: Any, *, what: str) -> None:
        """Wait for something that a poll brings."""
        wait_until(is_so, what=what, timeout_s=SHOWN_WITHIN_S)


@pytest.fixture(scope="module")
def cluster(
    site: Site, session_etcd: EtcdServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    """Two engines with TLS that have registered, and two managers; taken out of the portal afterwards."""
    folder: Path = tmp_path_factory.mktemp("seed")
    session_etcd.clear()
    with Lab.create(2, options=EngineOptions(tls=True)) as lab:
        lab.load_image()
        running = {engine.hostname: run(engine) for engine in lab.engines}
        session_etcd.register(*(f"{engine.address}:{API_PORT}" for engine in lab.engines))
        files = lab.engine(1).client_files()
        authority = Authority(files.folder.parent)
        with managers(2, etcd=session_etcd, files=authority, log=folder) as started:
            urls = [manager.url for manager in started]
            pk = add_to(site, urls, files=files, discovery_url=session_etcd.discovery_url)
            yield Cluster(site, lab, running, session_etcd, started, pk)
            gone = site.api().request("DELETE", f"clusters/{pk}/standalone/")
            assert gone.status_code == 204, gone.text
    session_etcd.clear()


def add_to(site: Site, urls: list[str], *, files: TlsFiles, discovery_url: str) -> int:
    """Take the Swarm on; returns its row."""
    wish = {
        "name": NAME,
        "managers": urls,
        "tls_ca": str(files.ca),
        "tls_cert": str(files.certificate),
        "tls_key": str(files.key),
        "discovery_url": discovery_url,
    }
    answer = site.api().post("clusters/standalone/", wish)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def test_nodes_containers_and_their_usage_appear(cluster: Cluster) -> None:
    names = {engine.hostname for engine in cluster.lab.engines}
    cluster.wait(
        lambda: (
            {name for name, node in cluster.nodes().items() if node["state"] == "ready"} == names
        ),
        what="both nodes",
    )
    cluster.wait(lambda: containers(cluster) == cluster.started, what="a container on each node")
    node = cluster.nodes()["eng1"]
    assert node["has_engine"]
    assert node["cpu_count"] == cluster.lab.engine(1).info()["NCPU"]
    assert node["memory_bytes"] == cluster.lab.engine(1).info()["MemTotal"]
    cluster.wait(lambda: len(cpu_samples(cluster, "container", "web-eng1")) >= 2, what="samples")
    cluster.wait(lambda: cpu_samples(cluster, "node", "eng1"), what="samples of the node")


def run(engine: Any) -> str:
    """Start a container beside the Swarm; returns its id."""
    wish = {"Image": BUSYBOX_IMAGE, "HostConfig": {"NetworkMode": "host"}}
    made = engine.api.post("/containers/create", wish, name=f"web-{engine.hostname}")
    engine.api.post(f"/containers/{made['Id']}/start", {})
    return str(made["Id"])


def containers(cluster: Cluster) -> dict[str, str]:
    """The running containers by their node's name."""
    nodes = {node["id"]: name for name, node in cluster.nodes().items()}
    rows = cluster.site.api().list("containers/")
    return {
        nodes[row["node"]]: row["native_id"]
        for row in rows
        if row["node"] in nodes and row["state"] == "running"
    }


def cpu_samples(cluster: Cluster, kind: str, name: str) -> list[float]:
    """What has been measured of it so far."""
    api = cluster.site.api()
    known = {row["name"]: row["id"] for row in api.list("containers/")}
    ref = cluster.nodes()[name]["id"] if kind == "node" else known[name]
    found = api.get("samples/", kind=kind, ref=ref, measures="cpu_cores")["columns"]
    return [value for value in found["cpu_cores"] if value is not None]


def test_a_viewer_sees_it_and_mallory_is_refused(cluster: Cluster) -> None:
    assert cluster.site.api("bob").get(f"clusters/{cluster.pk}/")["kind"] == "standalone"
    for method in ("PUT", "DELETE"):
        for person in ("bob", "mallory"):
            answer = cluster.site.api(person).request(
                method, f"clusters/{cluster.pk}/standalone/", json={}
            )
            assert answer.status_code == 403
    assert cluster.site.api("mallory").post("clusters/standalone/", {}).status_code == 403


def test_the_replica_is_followed_when_the_primary_dies(cluster: Cluster) -> None:
    cluster.wait(lambda: cluster.row()["source"] == cluster.primary().url, what="the primary")
    killed = cluster.primary()
    (heir,) = [one for one in cluster.managers if one is not killed]
    killed.kill()
    cluster.wait(
        lambda: cluster.row()["source"] == heir.url and not cluster.row()["stale_since"],
        what="the replica to answer as primary",
    )
    assert cluster.etcd.primary() == heir.address
    assert {node["state"] for node in cluster.nodes().values()} == {"ready"}


def test_a_node_that_is_down_is_unhealthy_and_says_why(cluster: Cluster) -> None:
    cluster.lab.engine(2).kill()
    cluster.wait(lambda: cluster.nodes()["eng2"]["state"] == "unhealthy", what="an unhealthy node")
    lost, other = cluster.nodes()["eng2"], cluster.nodes()["eng1"]
    assert "Cannot connect to the Docker daemon" in lost["stale_reason"]
    assert other["is_fresh"]
    (row,) = cluster.site.api().list("containers/", node=lost["id"])
    assert (row["state"], row["status"]) == ("unknown", "Host Down")


def test_the_cluster_in_a_browser(cluster: Cluster, chromium_page: Page) -> None:
    page, base = chromium_page, cluster.site.base_url
    page.set_default_timeout(SHOWN_WITHIN_S * 1000)
    page.goto(f"{base}/admin/login/?next=/admin/nodes/cluster/{cluster.pk}/change/")
    page.fill("input[name=username]", "admin")
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    expect(page.get_by_role("heading", name="Managers")).to_be_visible()
    expect(page.get_by_role("heading", name="Key store")).to_be_visible()
    expect(page.get_by_text("1 node down")).to_be_visible()
    expect(
        page.locator("td", has_text=f"{cluster.lab.engine(1).address}:{API_PORT}")
    ).to_have_count(1)
    expect(page.locator('.dce-chart[data-kind="cluster"] canvas').first).to_be_visible()
    node = cluster.nodes()["eng1"]["id"]
    page.goto(f"{base}/admin/nodes/node/{node}/change/")
    expect(page.locator('.dce-chart[data-kind="node"] canvas').first).to_be_visible()
    expect(page.get_by_role("link", name="Drain")).to_have_count(0)
    page.get_by_role("tab", name="Tasks and containers").click()
    page.get_by_role("link", name="web-eng1").click()
    page.get_by_role("link", name="Console", exact=True).click()
    page.get_by_role("button", name="Open a console").click()
    screen = page.locator(".xterm-rows")
    expect(screen).to_contain_text("/ #")
    page.keyboard.type("echo through $((6*7)) >/proc/1/fd/1; exit\n")
    expect(page.locator("[data-state]")).to_contain_text("exit code 0")
    page.go_back()
    page.get_by_role("link", name="Logs", exact=True).click()
    expect(page.locator(".dce-log-line")).to_contain_text("through 42")
