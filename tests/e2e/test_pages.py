"""What people see: the pages in a browser, live, in both languages, by day and night."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.e2e.lab_services import availability, service, set_availability
from tests.e2e.site import Site
from tests.lab.host import wait_until
from tests.plugins.portal import CHECKOUT, PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.portal, pytest.mark.lab]

PICTURES = CHECKOUT / "test-results"
MOVES_WITHIN_MS = 30_000
COMES_BACK_WITHIN_MS = 30_000
VIEWPORT = {"width": 1440, "height": 1000}
# A chart that is loaded anew rounds its moments to this.
STEP_S = 4
CHINESE = re.compile("[一-鿿]")
CPU_CHART = '.dce-chart[data-kind="cluster"][data-metric="cpu"]'


@dataclass
class Visitor:
    """A browser window of one person, which remembers every complaint of its pages."""

    site: Site
    page: Page
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Listen from the first page on."""
        self.page.set_default_timeout(MOVES_WITHIN_MS)
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))

    def sign_in(self, person: str, password: str = PASSWORD) -> None:
        """Fill in the form as a person does."""
        self.open("/admin/login/")
        self.page.fill("input[name=username]", person)
        self.page.fill("input[name=password]", password)
        self.page.click("button[type=submit]")

    def open(self, path: str) -> int:
        """Go to a page; returns the status."""
        response = self.page.goto(f"{self.site.base_url}{path}", wait_until="load")
        assert response is not None
        return response.status

    def sidebar(self) -> list[str]:
        """Every page that the sidebar offers."""
        links = self.page.locator("#nav-sidebar a[href^='/admin/'], nav a[href^='/admin/']")
        found = links.evaluate_all("all => all.map(one => new URL(one.href).pathname)")
        return sorted(set(found))

    def picture(self, name: str) -> None:
        """Keep what is seen."""
        PICTURES.mkdir(exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png", full_page=True)

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{self.page.url}: {message.text}")


@pytest.fixture
def visit(site: Site, chromium_browser: Browser) -> Iterator[object]:
    """Open a window, signed in as somebody: ``visit("bob", locale="zh-CN")``."""
    contexts = []

    def open_window(person: str | None = "admin", **choices: object) -> Visitor:
        context = chromium_browser.new_context(viewport=VIEWPORT, **choices)
        contexts.append(context)
        visitor = Visitor(site, context.new_page())
        if person:
            visitor.sign_in(person)
            visitor.page.wait_for_url(re.compile(r"/admin/(\?.*)?$"))
        return visitor

    yield open_window
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def burning(site: Site, swarm_lab) -> Iterator[None]:
    """A service on all nodes, and nodes that the portal has measured."""
    with service(swarm_lab, "burn", replicas=3):
        api = site.api()
        wait_until(
            lambda: (
                len([node for node in api.list("nodes/") if node["is_fresh"]]) == 3
                and len(api.list("containers/", state="running")) >= 3
            ),
            what="three fresh nodes with containers",
            timeout_s=60,
        )
        yield


def newest_moments(page: Page, *, chart: str = CPU_CHART) -> list[str]:
    """The moments in a chart's table, newest first."""
    return page.locator(f"{chart} .dce-chart-table tbody tr td:first-child").all_inner_texts()


def show_table(page: Page) -> None:
    """Ask the CPU chart for its figures, and wait for the first."""
    page.click(f"{CPU_CHART} [data-table]")
    first = page.locator(f"{CPU_CHART} .dce-chart-table tbody tr").first
    expect(first).to_be_visible(timeout=MOVES_WITHIN_MS)


def wait_newer(page: Page, than: str) -> None:
    """Wait until the chart has a newer figure; the page is not loaded again."""
    newest = page.locator(f"{CPU_CHART} .dce-chart-table tbody tr").first.locator("td").first
    expect(newest).not_to_have_text(than, timeout=MOVES_WITHIN_MS)


def test_a_wrong_password_is_told(visit):
    visitor = visit(None)
    visitor.sign_in("admin", "wrong")
    expect(visitor.page.locator("input[name=password]")).to_be_visible()
    assert "/admin/login/" in visitor.page.url


def test_the_dashboard_shows_three_nodes_and_its_charts_move(visit, burning):
    page = visit("admin").page
    for hostname in ("eng1", "eng2", "eng3"):
        expect(page.locator(".dce-nodes").get_by_text(hostname, exact=True)).to_be_visible()
    expect(page.locator(".dce-live-dot")).to_have_attribute("data-live-state", "live")
    expect(page.locator(f"{CPU_CHART} canvas")).to_be_visible()
    show_table(page)
    before = newest_moments(page)
    wait_newer(page, before[0])
    assert before[0] in newest_moments(page)


def test_charts_come_back_after_the_stream_was_killed(visit, site, burning):
    page = visit("admin").page
    live = page.locator(".dce-live-dot")
    expect(live).to_have_attribute("data-live-state", "live")
    show_table(page)
    before = newest_moments(page)
    os.kill(site.process_ids()["stream"], signal.SIGKILL)
    expect(live).to_have_attribute("data-live-state", "lost", timeout=COMES_BACK_WITHIN_MS)
    expect(live).to_have_attribute("data-live-state", "live", timeout=COMES_BACK_WITHIN_MS)
    wait_newer(page, before[0])
    shown = newest_moments(page)
    page.reload()
    show_table(page)
    # What came while the line was down is there as well: no hole that a fresh page has not.
    assert before[0] in shown
    assert longest_gap_s(shown) <= longest_gap_s(newest_moments(page)) + STEP_S


def longest_gap_s(moments: list[str]) -> float:
    """The longest time between two figures of a chart."""
    plain = (" ".join(text.split()) for text in moments)
    times = [datetime.strptime(text, "%m/%d/%y, %I:%M:%S %p").replace(tzinfo=UTC) for text in plain]
    return max(((newer - older).total_seconds() for newer, older in pairwise(times)), default=0)


def test_a_node_is_drained_from_its_page(visit, site, swarm_lab, burning):
    visitor = visit("alice")
    page = visitor.page
    page.get_by_role("link", name="eng3", exact=True).first.click()
    page.get_by_role("link", name="Drain", exact=True).click()
    expect(page.get_by_role("heading", name="Drain eng3").first).to_be_visible()
    try:
        page.get_by_role("button", name="Drain eng3").click()
        expect(page.locator('[data-field="state"]')).to_have_text(
            re.compile("succeeded", re.IGNORECASE), timeout=60_000
        )
        assert "/admin/portal/operation/" in page.url
        assert availability(swarm_lab, "eng3") == "drain"
    finally:
        set_availability(swarm_lab, "eng3", "active")
    assert visitor.complaints == []


def test_no_page_of_the_sidebar_complains(visit, burning):
    visitor = visit("admin")
    paths = visitor.sidebar()
    assert len(paths) >= 12
    statuses = {path: visitor.open(path) for path in paths}
    assert set(statuses.values()) == {200}, statuses
    assert visitor.complaints == []


def test_the_language_is_chosen_on_the_page(visit, burning):
    visitor = visit("admin", locale="en-GB")
    page = visitor.page
    expect(page.locator("html")).to_have_attribute("lang", "en")
    choose_chinese(page)
    expect(page.locator("html")).to_have_attribute("lang", re.compile("zh"))
    assert CHINESE.search(page.locator(".dce-nodes").locator("xpath=..").inner_text())
    visitor.open("/admin/nodes/node/")
    assert CHINESE.search(page.locator("h1, h2").first.inner_text())
    assert visitor.complaints == []


def choose_chinese(page: Page) -> None:
    """Press the menu's button; whether the menu is open is the theme's affair."""
    button = page.locator("form:has(input[name=language][value=zh-hans]) button").first
    with page.expect_navigation():
        button.evaluate("button => button.click()")


def test_a_browser_that_speaks_chinese_gets_chinese(visit):
    visitor = visit(None, locale="zh-CN")
    visitor.open("/admin/login/")
    assert CHINESE.search(visitor.page.locator("form").first.inner_text())


def test_a_viewer_is_offered_no_action(visit, burning):
    visitor = visit("bob")
    page = visitor.page
    page.get_by_role("link", name="eng3", exact=True).first.click()
    expect(page.get_by_text("eng3").first).to_be_visible()
    for name in ("Drain", "Pause", "Activate", "Labels"):
        expect(page.get_by_role("link", name=name, exact=True)).to_have_count(0)
    assert visitor.open(f"{page.url.removeprefix(visitor.site.base_url)}") == 200
    node = re.search(r"/node/(\d+)/", page.url)
    assert node
    assert visitor.open(f"/admin/nodes/node/{node[1]}/do/drain/") == 403


def test_mallory_sees_none_of_the_lists(visit, site, burning):
    visitor, everything = visit("mallory"), visit("admin").sidebar()
    assert "eng1" not in visitor.page.locator("body").inner_text()
    offered = set(visitor.sidebar())
    refused = [path for path in everything if path not in offered]
    assert {"/admin/nodes/node/", "/admin/workloads/service/"} <= set(refused)
    assert {visitor.open(path) for path in refused} == {403}
    for path in offered:
        assert visitor.open(path) == 200
        assert "team/" not in visitor.page.locator("#main, main, body").first.inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_pictures_are_kept(visit, burning, scheme, locale):
    visitor = visit("admin", color_scheme=scheme, locale=locale)
    expect(visitor.page.locator(f"{CPU_CHART} canvas")).to_be_visible()
    expect(visitor.page.locator(f"{CPU_CHART} .dce-chart-now")).not_to_be_empty(
        timeout=MOVES_WITHIN_MS
    )
    name = f"dashboard-{scheme}-{locale[:2]}"
    visitor.picture(name)
    assert (PICTURES / f"{name}.png").stat().st_size > 10_000
    visitor.open("/admin/registry/tag/")
    visitor.picture(f"tags-{scheme}-{locale[:2]}")
    assert visitor.complaints == []
