"""What tests of charts stand on: stored figures, a page with them in a real browser, and ways to use it."""

from __future__ import annotations

import json
import math
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.handlers.wsgi import WSGIHandler
from playwright.sync_api import Page, WebSocketRoute, expect

from apps.metrics.models import MetricObject
from apps.nodes.models import EngineEndpoint
from tests.factories.accounts import PASSWORD
from tests.factories.cluster import (
    ClusterFactory,
    EventFactory,
    NodeFactory,
)
from tests.factories.usage import MINUTE_S, measured, minute_each, sample_each
from tests.plugins.portal import CHECKOUT

PICTURES = CHECKOUT / "test-results"
STEP_S = 5
GIB = 2**30
PUMP_MS = 50
LONGEST_WAIT_MS = 30_000
CPU = '.dce-chart[data-metric="cpu"]'
MEMORY = '.dce-chart[data-metric="memory"]'


@pytest.fixture(scope="session")
def database_first(django_db_setup):
    """The database is there before the server that reads it."""


@pytest.fixture
def one_request_at_a_time(monkeypatch):
    """A page of charts asks much at once, and what it asked last must not meet the emptying of the tables."""
    lock, ended, answer = threading.RLock(), threading.Event(), WSGIHandler.__call__

    def wait_and_answer(handler, environ, start_response):
        with lock:
            if not ended.is_set():
                return answer(handler, environ, start_response)
        start_response("503 Service Unavailable", [])
        return []

    monkeypatch.setattr(WSGIHandler, "__call__", wait_and_answer)
    yield
    # What a page asked last must not meet the emptying of the tables.
    with lock:
        ended.set()


@dataclass
class World:
    """A node with two hours of figures, a hole in them, and what happened."""

    node: object
    row: MetricObject
    now_s: int

    @property
    def address(self) -> str:
        return f"/admin/nodes/node/{self.node.pk}/change/"


def cores_at(at: int) -> float:
    """Between half a core and one and a half, slowly up and down."""
    return 1 + 0.5 * math.sin(at / 600)


@pytest.fixture
def world(live_server) -> World:
    now_s = int(time.time()) // STEP_S * STEP_S
    cluster = ClusterFactory(name="prod", observed_at=datetime.now(UTC))
    node = NodeFactory(
        cluster=cluster, hostname="node-1", cpu_count=4, memory_bytes=8 * GIB, role="manager"
    )
    EngineEndpoint.objects.create(
        url="tcp://10.0.0.1:2376", node=node, cluster=cluster, last_ok_at=datetime.now(UTC)
    )
    row = measured(
        "node", node.pk, label="node-1", cluster_ref=cluster.pk, cpu_limit_cores=4, memory_limit_bytes=8 * GIB,
        cpu_cores=1, memory_bytes=3 * GIB, disk_used_bytes=40 * GIB, disk_total_bytes=100 * GIB,
    )  # fmt: skip
    hole = range(now_s - 400, now_s - 280)
    moments = [at for at in range(now_s - 7200, now_s, STEP_S) if at not in hole]
    sample_each(
        row, moments, cpu_cores=cores_at, memory_bytes=lambda at: 3.0 * GIB,
        network_rx_bps=lambda at: 2e5 + 1e5 * math.sin(at / 60), network_tx_bps=lambda at: 5e4,
        block_read_bps=lambda at: 1e4, block_write_bps=lambda at: 8e4, pids=lambda at: 200.0,
        disk_used_bytes=lambda at: 40.0 * GIB, disk_total_bytes=lambda at: 100.0 * GIB,
    )  # fmt: skip
    minutes = range(now_s // MINUTE_S * MINUTE_S - 3 * 86400, now_s - MINUTE_S, MINUTE_S)
    minute_each(row, minutes, spread=0.25, cpu_cores=cores_at)
    happened(node, now_s)
    return World(node=node, row=row, now_s=now_s)


def happened(node, now_s: int) -> None:
    """The node was silent in the hole, and a container on it ran out of memory."""

    def event(ago_s: int, kind: str, **choices: object) -> None:
        at = datetime.fromtimestamp(now_s, UTC) - timedelta(seconds=ago_s)
        EventFactory(node=node, cluster=node.cluster, at=at, kind=kind, **choices)

    event(
        395,
        "node.stale",
        subject_label="node-1",
        severity="warning",
        detail={"reason": "Timed out."},
    )
    event(280, "node.back", subject_label="node-1")
    event(
        120, "container.oom", subject_kind="container", subject_label="shop.1.x", severity="error"
    )
    event(6000, "container.killed", subject_kind="container", subject_label="old.1.x")


@pytest.fixture
def sockets() -> list[WebSocketRoute]:
    """The live lines that pages have opened."""
    return []


@pytest.fixture
def page(chromium_page, live_server, viewer, sockets):
    """A browser of the group viewer, whose live line the test plays; any complaint of the console fails."""
    complaints: list[str] = []
    page = chromium_page

    def keep(socket: WebSocketRoute) -> None:
        sockets.append(socket)

    page.set_viewport_size({"width": 1400, "height": 1000})
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda said: said.type == "error" and complaints.append(f"{said.text} {said.location}"),
    )
    page.route_web_socket("**/ws/live/", keep)
    page.goto(f"{live_server.url}/admin/login/")
    page.fill("[name=username]", viewer.username)
    page.fill("[name=password]", PASSWORD)
    page.click("[type=submit]")
    page.wait_for_url(f"{live_server.url}/admin/")
    sockets.clear()
    yield page
    assert not complaints, complaints
    page.goto("about:blank")


def open_charts(page: Page, live_server, world: World, query: str = "") -> Page:
    page.goto(f"{live_server.url}{world.address}{query}")
    expect(page.locator(f"{CPU} canvas")).to_be_visible(timeout=10_000)
    # Charts are drawn anew when all that they show has come; a hand on one before would lose its hold.
    page.wait_for_load_state("networkidle")
    return page


def spoken(page: Page) -> str:
    return page.locator(f"{CPU} .dce-chart-spoken").text_content() or ""


def send(page: Page, sockets: list[WebSocketRoute], world: World, **frame: object) -> None:
    """A frame of the node's topic, once the page has opened its line."""
    waited_ms = 0
    while not sockets and waited_ms < LONGEST_WAIT_MS:
        # A routed socket is handed over only while Playwright is asked.
        page.wait_for_timeout(PUMP_MS)
        waited_ms += PUMP_MS
    message = {"type": "delta", "topic": f"node:{world.node.pk}", "seq": 1, "data": frame}
    sockets[-1].send(json.dumps(message))


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"charts-{name}.png", full_page=True)


def point(page: Page, x: int, chart: str = CPU) -> None:
    """Put the pointer on the chart, this far from its left edge.

    A chart that is drawn anew at that moment has forgotten the pointer, which then moves again.
    """
    readout = page.locator(f"{chart} .dce-chart-readout")
    waited_ms = 0
    while not readout.is_visible():
        assert waited_ms < LONGEST_WAIT_MS, "nothing is read out"
        page.hover(f"{chart} .u-over", position={"x": x, "y": 60 + waited_ms // PUMP_MS % 2})
        page.wait_for_timeout(PUMP_MS)
        waited_ms += PUMP_MS


def place(page: Page) -> dict[str, float]:
    """Where the plot of the processor is."""
    over = page.locator(f"{CPU} .u-over")
    waited_ms = 0
    # A chart that is drawn anew has none for a moment.
    while (box := over.bounding_box()) is None:
        assert waited_ms < LONGEST_WAIT_MS, "the plot is not there"
        page.wait_for_timeout(PUMP_MS)
        waited_ms += PUMP_MS
    return dict(box)


def query_of(page: Page) -> dict[str, str]:
    """The address' query."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def focus(page: Page) -> None:
    plot = page.locator(f"{CPU} .dce-chart-plot")
    plot.focus()
    expect(plot).to_be_focused()
