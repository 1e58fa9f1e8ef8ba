"""A real Prometheus before a real portal: it finds it, scrapes it, takes its samples, and draws its dashboard."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.e2e.site import Site, plain_session, seeded
from tests.lab.host import wait_until
from tests.plugins.portal import CHECKOUT, started_portal
from tests.plugins.prometheus import Prometheus, lint, prometheus_in
from tests.standins.agents import in_portal, standin_agents

pytestmark = [pytest.mark.portal, pytest.mark.nginx, pytest.mark.prometheus]

AGENTS, CONTAINERS = 3, 4
WITHIN_S = 60
AWAY_S = 15
DASHBOARD = CHECKOUT / "docs" / "grafana" / "dce-portal.json"
# What stand-in agents do not bring: a Swarm's services, and images.
ROWS = """
from django.utils import timezone
from apps.nodes.models import Cluster
from apps.registry.models import Manifest, Namespace, Repository, Tag
from apps.workloads.models import Service
now = timezone.now()
swarm = Cluster.objects.create(name="prod", kind="swarm")
Service.objects.create(
    cluster=swarm, native_id="s1", name="shop_web", stack="shop", image="team/app:1", mode="replicated",
    desired_tasks=3, running_tasks=2, observed_at=now, created_at=now, updated_at=now)
repository = Repository.objects.create(namespace=Namespace.objects.get(name="team"), name="team/app")
manifest = Manifest.objects.create(
    repository=repository, digest="sha256:1", media_type="image", size_bytes=1000)
Tag.objects.create(repository=repository, name="1", manifest=manifest)
"""
# The raw samples of the portal come every five seconds.
STEP_S = 5


@dataclass(frozen=True, slots=True)
class World:
    """A portal with nodes, and the Prometheus that watches it."""

    site: Site
    prometheus: Prometheus
    token: str

    def scrape(self, *, accept: str = "") -> requests.Response:
        """The exposition through nginx, as Prometheus asks for it."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept": accept}
        with plain_session() as session:
            return session.get(f"{self.site.base_url}/metrics", headers=headers, timeout=30)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Everything started once for this module."""
    folder = Path(tempfile.mkdtemp(prefix="dce-prometheus-"))
    nowhere = {"DCE_DOCKER_HOST": f"unix://{folder}/none.sock"}
    try:
        with (
            started_portal(folder / "var", **nowhere) as portal,
            standin_agents(portal, folder / "agents", count=AGENTS, containers=CONTAINERS),
            prometheus_in(folder / "prometheus") as prometheus,
        ):
            site = seeded(portal)
            in_portal(portal, ROWS)
            token = site.tokens["scraper"]
            prometheus.configure(*jobs(site, token), every="2s")
            prometheus.start()
            remote = {
                "name": "prometheus",
                "url": f"{prometheus.url}/api/v1/write",
                "portal_label": "written",
            }
            made = site.api().post("remote-writes/", remote)
            assert made.status_code == 201, made.text
            yield World(site, prometheus, token)
    finally:
        shutil.rmtree(folder)


def jobs(site: Site, token: str) -> list[dict[str, Any]]:
    """The portal and the nodes, both found by http_sd, as docs/interop.md has it."""
    # Without a type, http_sd of this Prometheus sends the token alone.
    credential = {"authorization": {"type": "Bearer", "credentials": token}}
    targets = f"{site.base_url}/api/v1/prometheus/targets"

    def found(kind: str) -> list[dict[str, Any]]:
        return [{"url": f"{targets}?kind={kind}", "refresh_interval": "2s", **credential}]

    names = {"source_labels": ["__meta_dce_node"], "target_label": "node"}
    return [
        {"job_name": "dce-portal", "http_sd_configs": found("portal"), **credential},
        {"job_name": "nodes", "http_sd_configs": found("node"), "relabel_configs": [names]},
    ]


def wait_for(world: World, expression: str, *, count: int = 1) -> list[dict[str, Any]]:
    """The series of an expression once there are so many."""
    wait_until(
        lambda: len(world.prometheus.query(expression)) >= count,
        what=f"{count} series of {expression}",
        timeout_s=WITHIN_S,
    )
    return world.prometheus.query(expression)


def test_prometheus_finds_and_scrapes_the_portal(world):
    (up,) = wait_for(world, 'up{job="dce-portal"} == 1')
    assert up["metric"]["instance"] == world.site.host

    nodes = wait_for(world, "dce_node_up == 1", count=AGENTS)
    assert {one["metric"]["node"] for one in nodes} == {f"node-{n}" for n in range(AGENTS)}
    scraped = 'dce_container_memory_usage_bytes{portal=""}'
    assert len(wait_for(world, scraped, count=AGENTS * CONTAINERS)) == AGENTS * CONTAINERS


def test_prometheus_finds_the_nodes_with_their_labels(world):
    wait_for(world, 'up{job="nodes"}', count=AGENTS)
    targets = world.prometheus.get("targets")["activeTargets"]
    nodes = [one for one in targets if one["scrapePool"] == "nodes"]
    assert {one["labels"]["node"] for one in nodes} == {f"node-{n}" for n in range(AGENTS)}
    assert {one["discoveredLabels"]["__meta_dce_state"] for one in nodes} == {"ready"}


def test_promtool_finds_nothing_wrong(world):
    wait_for(world, "dce_node_up", count=AGENTS)
    wait_for(world, "dce_poll_duration_seconds_count")

    assert lint(world.scrape().content) == []


def test_nobody_scrapes_through_the_front_without_a_token(world):
    with plain_session() as session:
        answer = session.get(f"{world.site.base_url}/metrics", timeout=30)
        assert (answer.status_code, "dce_" in answer.text) == (401, False)
        other = {"Authorization": f"Bearer {world.site.tokens['mallory']}"}
        assert session.get(answer.url, headers=other, timeout=30).status_code == 403


def raw(world: World, node: int) -> dict[int, float]:
    """Every raw memory sample of a node that the portal has, by its second."""
    query = {"kind": "node", "ref": node, "measures": "memory_bytes", "points": 2000}
    answer = world.site.api().get("samples/", **query)
    assert answer["tier"] == "raw"
    values = zip(answer["at"], answer["columns"]["memory_bytes"], strict=True)
    return {at: value for at, value in values if value is not None}


def missing(world: World, hostname: str, node: int) -> set[int]:
    """Seconds of samples that the portal has (but for the newest minute's) and Prometheus has not."""
    selector = f'dce_node_memory_usage_bytes{{portal="written",node="{hostname}"}}'
    if not world.prometheus.query(selector):
        return {0}
    written = world.prometheus.moments(selector)
    began = min(written)
    own = raw(world, node)
    assert written.items() <= own.items() or not own
    return {at for at in own if at >= began} - written.keys()


def first_node(world: World) -> tuple[str, int]:
    row = world.site.api().list("nodes/")[0]
    return row["hostname"], row["id"]


def target(world: World) -> dict[str, Any]:
    (row,) = world.site.api().list("remote-writes/")
    return row


def test_samples_are_written_and_those_of_an_outage_come_after(world):
    hostname, node = first_node(world)
    written = f'dce_node_memory_usage_bytes{{portal="written",node="{hostname}"}}'
    wait_for(world, written)
    began = time.time()
    world.prometheus.stop()
    wait_until(
        lambda: target(world)["state"] == "behind" and time.time() - began > AWAY_S,
        what="the portal to say that its target is away",
        timeout_s=WITHIN_S,
    )
    assert "answer" in target(world)["problem"]
    world.prometheus.start()

    # What was sampled while it was away is there once later samples are.
    wait_until(
        lambda: max(world.prometheus.moments(written), default=0) > began + AWAY_S + STEP_S,
        what="samples of after the outage",
        timeout_s=2 * WITHIN_S,
    )
    moments = sorted(world.prometheus.moments(written))
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert max(gaps) <= STEP_S + 1
    assert (target(world)["state"], target(world)["samples_refused"]) == ("writing", 0)
    newest = moments[-1]
    assert {at for at in missing(world, hostname, node) if at <= newest} == set()


def panels(dashboard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every panel, those inside of rows too."""
    for panel in dashboard["panels"]:
        yield from (panel, *panel.get("panels", ()))


def expressions() -> list[str]:
    """Each PromQL expression of the dashboard, of panels and of variables."""
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    found = [one["expr"] for panel in panels(dashboard) for one in panel.get("targets", ())]
    variables = [
        one["definition"] for one in dashboard["templating"]["list"] if "definition" in one
    ]
    return list(dict.fromkeys([*found, *map(_of_variable, variables)]))


def _of_variable(definition: str) -> str:
    """`label_values(metric{…}, label)` as what it looks through."""
    return re.sub(r"^label_values\((.*),\s*\w+\)$", r"\1", definition)


def filled(expression: str) -> str:
    """The expression as Grafana sends it with every variable at All."""
    expression = expression.replace("$__rate_interval", "30s").replace("$__range", "5m")
    return re.sub(r"\$\{?(cluster|node|service|stack)(:\w+)?\}?", ".*", expression)


@pytest.mark.parametrize("expression", expressions())
def test_each_expression_of_the_dashboard_draws_something(world, expression):
    assert "$" not in filled(expression)
    assert wait_for(world, filled(expression))
