"""Charts in a real browser: range, zoom, address, comparison, marks, keyboard and downloads, over stored figures."""

from __future__ import annotations

import csv
import json
import math
import re
import struct
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.handlers.wsgi import WSGIHandler
from playwright.sync_api import Page, WebSocketRoute, expect

from apps.metrics.models import MetricObject
from apps.nodes.models import EngineEndpoint
from apps.workloads.models import Stack
from tests.factories.accounts import PASSWORD
from tests.factories.cluster import (
    ClusterFactory,
    ContainerFactory,
    EventFactory,
    NodeFactory,
    ServiceFactory,
    StackFactory,
    TaskFactory,
)
from tests.factories.usage import MINUTE_S, measured, minute_each, sample_each
from tests.plugins.portal import CHECKOUT

pytestmark = pytest.mark.browser

PICTURES = CHECKOUT / "test-results"
STEP_S = 5
GIB = 2**30
PUMP_MS = 50
LONGEST_WAIT_MS = 30_000
CPU = '.dce-chart[data-metric="cpu"]'
MEMORY = '.dce-chart[data-metric="memory"]'


@pytest.fixture(scope="session", autouse=True)
def _database_first(django_db_setup):
    """The server shares the database in memory only where that exists before the server does."""


@pytest.fixture(autouse=True)
def _one_request_at_a_time(monkeypatch):
    """The server's threads share one connection to a database in memory; a page of charts asks much at once."""
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
    page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    page.route_web_socket("**/ws/live/", keep)
    page.goto(f"{live_server.url}/admin/login/")
    page.fill("[name=username]", viewer.username)
    page.fill("[name=password]", PASSWORD)
    page.click("[type=submit]")
    page.wait_for_url(f"{live_server.url}/admin/")
    sockets.clear()
    yield page
    assert complaints == []
    page.goto("about:blank")


def open_charts(page: Page, live_server, world: World, query: str = "") -> Page:
    page.goto(f"{live_server.url}{world.address}{query}")
    expect(page.locator(f"{CPU} canvas")).to_be_visible(timeout=10_000)
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
    """Put the pointer on the chart, this far from its left edge."""
    page.hover(f"{chart} .u-over", position={"x": x, "y": 60})


def place(page: Page) -> dict[str, float]:
    """Where the plot of the processor is."""
    over = page.locator(f"{CPU} .u-over")
    expect(over).to_be_visible()
    box = over.bounding_box()
    assert box is not None
    return dict(box)


def query_of(page: Page) -> dict[str, str]:
    """The address' query."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def focus(page: Page) -> None:
    plot = page.locator(f"{CPU} .dce-chart-plot")
    plot.focus()
    expect(plot).to_be_focused()


def test_the_pointer_reads_all_charts_of_the_page(page, live_server, world):
    open_charts(page, live_server, world)

    point(page, 100)

    expect(page.locator(f"{CPU} .dce-chart-readout")).to_contain_text("cores")
    moment = page.locator(f"{CPU} .dce-chart-readout span").first.inner_text()
    expect(page.locator(f"{MEMORY} .dce-chart-readout span").first).to_have_text(moment)
    expect(page.locator(f"{MEMORY} .dce-chart-readout")).to_contain_text("3.0 GiB")


def test_figures_stand_beside_limit_or_machine_and_say_what_they_are(page, live_server, world):
    open_charts(page, live_server, world)

    expect(page.locator(f"{MEMORY} .dce-chart-now")).to_have_text("3.0 GiB of 8.0 GiB · 38 %")
    expect(page.locator('[data-metric="disk"] .dce-chart-now')).to_have_text(
        "40.0 GiB of 100 GiB · 40 %"
    )
    assert "1 is one core" in (page.locator(f"{CPU} .dce-chart-title").get_attribute("title") or "")


def test_a_range_is_chosen_once_for_all_and_kept_in_the_address(page, live_server, world):
    open_charts(page, live_server, world)

    page.click(".dce-range-bar [data-range='86400']")

    assert query_of(page) == {"range": "24h"}
    # A day is of minutes: the mean with what lies around it.
    expect(page.locator(f"{CPU} .dce-chart-key")).to_contain_text("lowest to highest")
    page.reload()
    expect(page.locator(".dce-range-bar [data-range='86400']")).to_have_attribute(
        "aria-pressed", "true"
    )
    page.go_back()
    expect(page.locator(".dce-range-bar [data-range='900']")).to_have_attribute(
        "aria-pressed", "true"
    )


def test_dragging_zooms_and_escape_goes_back(page, live_server, world):
    open_charts(page, live_server, world)
    box = place(page)

    page.mouse.move(box["x"] + box["width"] / 3, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 2 / 3, box["y"] + 60, steps=4)
    page.mouse.up()

    expect(page.locator("[data-back]")).to_be_visible()
    shown = query_of(page)
    length_s = (datetime.fromisoformat(shown["to"]) - datetime.fromisoformat(shown["from"])).seconds
    # A third of a quarter of an hour.
    assert length_s == pytest.approx(300, abs=10)
    page.reload()
    expect(page.locator(f"{CPU} canvas")).to_be_visible()
    assert query_of(page) == shown
    page.go_back()
    focus(page)
    page.keyboard.press("+")
    page.wait_for_url(re.compile("from="))
    page.keyboard.press("Escape")
    page.wait_for_url(lambda address: "from=" not in address)


def test_a_double_click_zooms_back(page, live_server, world):
    open_charts(page, live_server, world, "?range=1h")
    focus(page)
    page.keyboard.press("+")
    page.wait_for_url(re.compile("from="))

    page.dblclick(f"{CPU} .u-over", position={"x": 200, "y": 60})

    page.wait_for_url(re.compile(r"range=1h$"))


def test_a_period_of_ones_own(page, live_server, world):
    open_charts(page, live_server, world)
    page.click(".dce-range-own summary")
    page.fill("[name=from]", "2026-03-02T10:00")
    page.fill("[name=to]", "2026-03-02T09:00")
    page.click(".dce-range-own [type=submit]")
    assert "from=" not in page.url, "the end is before the start"

    page.fill("[name=to]", "2026-03-02T11:30")
    page.click(".dce-range-own [type=submit]")

    page.wait_for_url(re.compile("from="))
    expect(page.locator(f"{CPU} .dce-chart-note")).to_contain_text("No samples in this range")
    expect(page.locator(f"{CPU} .dce-chart-now")).to_be_empty()


def test_yesterday_is_drawn_beside_today(page, live_server, world):
    open_charts(page, live_server, world, "?range=24h")

    page.select_option("[name=compare]", "day")

    expect(page.locator(f"{CPU} .dce-key-earlier")).to_have_text("the day before")
    assert query_of(page) == {"range": "24h", "compare": "day"}
    point(page, 200)
    text = page.locator(f"{CPU} .dce-chart-readout").inner_text()
    now, before = (
        float(found) for found in re.findall(r"([0-9.]+) cores(?: \(|\n|$| · before)", text)[:2]
    )
    # Both come from one curve, a day apart: never the same by accident, never out of its bounds.
    assert 0.4 <= min(now, before) <= max(now, before) <= 1.6


def test_a_silence_is_striped_and_says_why(page, live_server, world):
    open_charts(page, live_server, world)
    box = place(page)

    point(page, int(box["width"] * (900 - 340) / 900))

    expect(page.locator(f"{CPU} .dce-chart-readout")).to_contain_text(
        "No figures came in this time: node-1 does not answer: Timed out."
    )


def test_marks_are_read_under_the_cursor_and_by_keyboard(page, live_server, world):
    open_charts(page, live_server, world)
    focus(page)

    page.keyboard.press("m")
    expect(page.locator(f"{CPU} .dce-chart-spoken")).to_contain_text("node-1 does not answer")
    page.keyboard.press("m")
    expect(page.locator(f"{CPU} .dce-chart-spoken")).to_contain_text("node-1 answers again")
    page.keyboard.press("m")
    expect(page.locator(f"{CPU} .dce-chart-spoken")).to_contain_text("ran out of memory")
    page.keyboard.press("M")
    expect(page.locator(f"{CPU} .dce-chart-spoken")).to_contain_text("node-1 answers again")


def test_arrows_read_one_figure_after_the_other(page, live_server, world):
    open_charts(page, live_server, world)
    focus(page)
    voice = page.locator(f"{CPU} .dce-chart-spoken")

    page.keyboard.press("Home")
    expect(voice).to_contain_text("cores")
    first = spoken(page)
    page.keyboard.press("ArrowRight")
    expect(voice).not_to_have_text(first)
    second = spoken(page)
    page.keyboard.press("ArrowLeft")
    expect(voice).to_have_text(first)
    page.keyboard.press("Shift+ArrowRight")

    expect(voice).not_to_have_text(first)
    assert spoken(page) != second


def test_figures_and_events_stand_in_tables(page, live_server, world):
    open_charts(page, live_server, world)

    page.click(f"{CPU} [data-table]")

    tables = page.locator(f"{CPU} .dce-chart-table table")
    expect(tables).to_have_count(2)
    expect(tables.nth(0).locator("tbody tr")).to_have_count(60)
    expect(tables.nth(1)).to_contain_text("shop.1.x ran out of memory")


def test_csv_is_what_the_chart_shows(page, live_server, world):
    open_charts(page, live_server, world)

    with page.expect_download() as told:
        page.click(f"{CPU} [data-download=csv]")

    rows = list(csv.reader(Path(told.value.path()).read_text().splitlines()))
    assert told.value.suggested_filename == "node-1-usage.csv"
    assert rows[0][:2] == ["time (UTC)", "cpu_cores mean (cores)"]
    # A quarter of an hour at one sample in five seconds, without the two minutes of the hole.
    assert len(rows) - 1 == pytest.approx((900 - 120) / STEP_S, abs=8)
    last = datetime.fromisoformat(rows[-1][0]).timestamp()
    assert float(rows[-1][1]) == pytest.approx(cores_at(int(last)), abs=0.001)


def test_png_is_a_picture_with_title_and_key(page, live_server, world):
    open_charts(page, live_server, world, "?range=24h")

    with page.expect_download() as told:
        page.click(f"{CPU} [data-download=png]")

    content = Path(told.value.path()).read_bytes()
    PICTURES.mkdir(exist_ok=True)
    (PICTURES / "charts-saved.png").write_bytes(content)
    assert told.value.suggested_filename.endswith(".png")
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", content[16:24])
    box = page.locator(f"{CPU} canvas").bounding_box()
    assert (width, height) == (round(box["width"]) + 32, round(box["height"]) + 84)


def test_live_figures_move_the_chart(page, live_server, world, sockets):
    open_charts(page, live_server, world)
    expect(page.locator(f"{CPU} .dce-chart-now")).to_contain_text("of 4 cores")

    limits = {"cpu_cores": 4}
    values = {"cpu_cores": 3.5}
    send(page, sockets, world, type="usage", at=int(time.time()) + 1, values=values, limits=limits)

    expect(page.locator(f"{CPU} .dce-chart-now")).to_have_text("3.50 of 4 cores · 88 %")


def test_a_fixed_period_does_not_move(page, live_server, world, sockets):
    end = datetime.fromtimestamp(world.now_s - 600, UTC)
    start = end - timedelta(minutes=10)
    period = f"?from={start:%Y-%m-%dT%H:%M:%SZ}&to={end:%Y-%m-%dT%H:%M:%SZ}"
    open_charts(page, live_server, world, period)
    page.click(f"{CPU} [data-table]")
    newest = page.locator(f"{CPU} .dce-chart-table tbody tr").first
    before = newest.inner_text()

    send(page, sockets, world, type="usage", at=int(time.time()), values={"cpu_cores": 3.5})
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    assert newest.inner_text() == before
    expect(page.locator(f"{CPU} .dce-chart-now")).to_be_empty()


@pytest.fixture
def stack(world) -> Stack:
    """A stack of one service with two tasks, and its usage."""
    own = {"cluster": world.node.cluster, "stack": "shop"}
    service = ServiceFactory(
        name="shop_web", desired_tasks=2, running_tasks=2, cpu_limit=1, cpu_reservation=0.5, **own
    )
    TaskFactory(service=service, node=world.node, slot=1)
    TaskFactory(service=service, node=world.node, slot=2)
    ContainerFactory(node=world.node, service=service, stack="shop", name="shop_web.1.abc")
    stack = StackFactory(cluster=world.node.cluster, name="shop", observed_at=datetime.now(UTC))
    row = measured("stack", stack.pk, cpu_limit_cores=2, cluster_ref=world.node.cluster_id)
    moments = range(world.now_s - 900, world.now_s, STEP_S)
    sample_each(row, moments, cpu_cores=cores_at, memory_bytes=lambda at: 0.5 * GIB)
    return stack


def test_a_stacks_page_draws_limit_and_reservation(page, live_server, stack):
    page.goto(f"{live_server.url}/admin/workloads/stack/{stack.pk}/change/")

    key = page.locator(f"{CPU} .dce-chart-key")
    expect(key).to_contain_text("limit")
    expect(key).to_contain_text("reserved")
    point(page, 200)
    # Two tasks that reserve half a core each; the limit is the sum of what was measured.
    expect(page.locator(f"{CPU} .dce-chart-readout")).to_contain_text("reserved 1.00 cores")
    expect(page.locator(f"{CPU} .dce-chart-readout")).to_contain_text("limit 2.00 cores")
    picture(page, "stack")


def test_stacks_are_found_in_the_sidebar(page, live_server, stack):
    page.goto(f"{live_server.url}/admin/")
    page.get_by_role("link", name="Stacks").click()
    expect(page.locator("#result_list")).to_contain_text("2 / 2")
    picture(page, "stacks")
    page.get_by_role("link", name="shop", exact=True).click()
    expect(page.locator(f"{CPU} canvas")).to_be_visible()


LOOKS = {
    "light": {"color_scheme": "light", "width": 1400, "locale": "en"},
    "dark-chinese": {"color_scheme": "dark", "width": 1400, "locale": "zh-hans"},
    "phone": {"color_scheme": "light", "width": 360, "locale": "en"},
}


@pytest.mark.parametrize("look", LOOKS)
def test_the_page_fits_and_is_drawn_by_day_and_night(look, page, live_server, world):
    choice = LOOKS[look]
    page.emulate_media(color_scheme=choice["color_scheme"])
    page.set_viewport_size({"width": choice["width"], "height": 1000})
    page.context.add_cookies(
        [{"name": "django_language", "value": choice["locale"], "url": live_server.url}]
    )
    open_charts(page, live_server, world, "?range=6h&compare=period")
    expect(page.locator(".dce-chart[data-metric] canvas")).to_have_count(6)
    expect(page.locator(f"{CPU} .dce-key-earlier")).to_be_visible()
    picture(page, look)

    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, "the page scrolls sideways"
