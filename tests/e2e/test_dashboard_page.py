"""The dashboard, its kiosk and right-sizing in a browser: keys, switches, live frames, what a wall survives."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.site import Site, seeded
from tests.e2e.test_pages import Visitor
from tests.plugins.portal import CHECKOUT, portal_environ, started_portal

pytestmark = [pytest.mark.browser, pytest.mark.portal]

WITHIN_MS = 60_000
WIDE, PHONE = {"width": 1440, "height": 1000}, {"width": 360, "height": 740}
TILE = "[data-heat]"


@pytest.fixture(scope="module")
def fleet_site() -> Iterator[Site]:
    """A portal with two clusters in rows: twelve nodes and three, which no engine stands behind."""
    folder = Path(tempfile.mkdtemp(prefix="dce-fleet-"))
    nowhere = {"DCE_DOCKER_HOST": f"unix://{folder}/none.sock"}
    try:
        with started_portal(folder / "var", **nowhere) as portal:
            site = seeded(portal)
            for nodes, containers in ((12, 120), (3, 20)):
                beside(site, "-m", "tests.e2e.fleet", str(nodes), str(containers))
            yield site
    finally:
        shutil.rmtree(folder)


def beside(site: Site, *command: str) -> None:
    """Run Python in a process that has the portal's settings."""
    environ = portal_environ(data=site.portal.data, port=site.portal.port)
    environ["DJANGO_SETTINGS_MODULE"] = "dce_portal.settings.base"
    subprocess.run(
        [sys.executable, *command], env=environ, cwd=CHECKOUT, check=True, stdout=subprocess.DEVNULL
    )


def publish(site: Site, topic: str, data: dict[str, object]) -> None:
    """Send a frame as the poll worker does."""
    code = "import django, json, sys; django.setup(); from dce_portal.live import publish;"
    code += " assert publish(sys.argv[1], json.loads(sys.argv[2]))"
    beside(site, "-c", code, topic, json.dumps(data))


@pytest.fixture
def visit(fleet_site: Site, chromium_browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Open a window of Bob, who may look."""
    contexts = []

    def window(path: str, **choices: object) -> Visitor:
        context = chromium_browser.new_context(**{"viewport": WIDE, **choices})
        contexts.append(context)
        visitor = Visitor(fleet_site, context.new_page())
        visitor.sign_in("bob")
        visitor.page.wait_for_url(re.compile(r"/admin/$"))
        assert visitor.open(path) == 200
        return visitor

    yield window
    for context in contexts:
        context.close()


def cluster_of(page: Page) -> str:
    return str(page.locator(".dce-board").get_attribute("data-cluster"))


def overflow_px(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def test_the_heat_map_is_walked_by_keys_and_says_what_it_shows(visit):
    visitor = visit("/admin/")
    page = visitor.page
    expect(page.locator(f"{TILE}[tabindex='0']")).to_have_count(1)

    page.locator(TILE).first.focus()
    page.keyboard.press("ArrowRight")

    expect(page.locator(TILE).nth(1)).to_be_focused()
    tip = page.get_by_role("tooltip")
    for text in ("CPU", "Memory", "Disk", " %"):
        expect(tip).to_contain_text(text)
    page.keyboard.press("End")
    expect(page.locator(TILE).last).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/admin/nodes/node/\d+/change/"))
    assert visitor.complaints == []


def test_another_measure_colours_the_nodes_and_is_part_of_the_address(visit):
    visitor = visit("/admin/")
    page = visitor.page
    tile = page.locator(TILE).first
    shares = str(tile.get_attribute("data-shares")).split(",")

    page.locator("[data-heat-by='memory']").click()

    expect(tile.locator("span")).to_have_text(shares[1])
    expect(tile).to_have_attribute("aria-label", re.compile(f"{shares[1]} %"))
    assert "heat=memory" in page.url
    page.reload()
    expect(page.locator("[data-heat-by='memory']")).to_have_attribute("aria-current", "true")
    expect(page.locator(TILE).first.locator("span")).to_have_text(shares[1])
    assert visitor.complaints == []


def test_the_busiest_by_memory_are_in_that_order(visit):
    visitor = visit("/admin/")
    page = visitor.page
    with page.expect_response(re.compile(r"/admin/busiest/\?.*by=memory")):
        page.locator("[data-busy-by='memory']").click()

    cells = page.locator("tbody[data-busiest='containers'] td[data-column='memory']")
    expect(cells).to_have_count(5)
    sizes = [mib_of(text) for text in cells.all_inner_texts()]
    assert sizes == sorted(sizes, reverse=True)
    assert "by=memory" in page.url
    assert visitor.complaints == []


def mib_of(text: str) -> float:
    number, unit = text.split()
    return float(number) * {"KiB": 1 / 1024, "MiB": 1, "GiB": 1024}[unit]


def test_a_frame_moves_tiles_rows_and_the_busiest(visit, fleet_site):
    visitor = visit("/admin/")
    page = visitor.page
    live = page.locator("[data-live-state]")
    expect(live).to_have_attribute("data-live-state", "live", timeout=WITHIN_MS)
    tile = page.locator(TILE).first
    node = int(tile.get_attribute("data-heat") or 0)
    row = {"ref": [77], "label": ["shop.1"], "node_ref": [node], "cpu_cores": [3.25]}
    row |= {"memory_bytes": [2**30], "network_bps": [2048.0]}
    nodes = {"ref": [node], "condition": ["ready"], "cpu_cores": [15.2], "memory_bytes": [2**30]}
    nodes |= {"cpu_share": [0.95], "memory_share": [0.02], "disk_share": [None]}

    values = {"cpu_cores": 64.0, "memory_bytes": 2**38}
    frame = {"type": "usage", "at": 1_900_000_000, "values": values, "limits": {}}
    frame |= {"nodes": nodes, "busiest": row}
    publish(fleet_site, f"cluster:{cluster_of(page)}", frame)

    expect(tile.locator("span")).to_have_text("95", timeout=WITHIN_MS)
    expect(tile).to_have_class(re.compile("dce-heat-4"))
    expect(page.locator(f"[data-node='{node}'] [data-share='cpu']")).to_have_text("95 %")
    first = page.locator("tbody[data-busiest='containers'] tr").first
    for text in ("shop.1", "3.25 cores", "1.0 GiB", "2.0 KiB/s"):
        expect(first).to_contain_text(text)
    assert visitor.complaints == []


def test_a_wall_has_no_menu_is_dark_and_turns(visit):
    visitor = visit("/admin/?kiosk=1&rotate=5&range=24h", color_scheme="light")
    page = visitor.page
    expect(page.locator("#nav-sidebar")).to_have_count(0)
    expect(page.locator("html")).to_have_class(re.compile("dark"))
    first = cluster_of(page)

    expect(page.locator(f".dce-board:not([data-cluster='{first}'])")).to_be_visible(
        timeout=WITHIN_MS
    )

    for text in ("kiosk=1", "rotate=5", "range=24h"):
        assert text in page.url
    assert visitor.complaints == []


def test_a_wall_outlives_a_restart_and_says_that_it_waits(visit, fleet_site):
    page = visit("/admin/?kiosk=1").page
    live, lost = page.locator("[data-live-state]"), page.locator("[data-kiosk-note='lost']")
    expect(live).to_have_attribute("data-live-state", "live", timeout=WITHIN_MS)
    page.evaluate("window.wasHere = true")

    stopped = fleet_site.process_ids()
    for name in ("stream", "web"):
        os.kill(stopped[name], signal.SIGSTOP)
    try:
        # A line that hears nothing for two heartbeats counts as lost.
        expect(lost).to_be_visible(timeout=2 * WITHIN_MS)
    finally:
        for name in ("stream", "web"):
            os.kill(stopped[name], signal.SIGKILL)

    expect(lost).to_be_hidden(timeout=2 * WITHIN_MS)
    expect(live).to_have_attribute("data-live-state", "live", timeout=WITHIN_MS)
    assert page.evaluate("window.wasHere") is None


def test_a_wall_whose_session_ended_says_so(visit, fleet_site):
    page = visit("/admin/?kiosk=1&rotate=5").page
    page.context.clear_cookies()

    expect(page.locator("[data-kiosk-note='over']")).to_be_visible(timeout=WITHIN_MS)

    assert "/login/" not in page.url
    sign_in = page.locator("[data-kiosk-note='over'] a")
    assert "kiosk" in str(sign_in.get_attribute("href"))


@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/?kiosk=1", "/admin/metrics/servicesizing/?order=cpu"]
)
@pytest.mark.parametrize(("locale", "scheme"), [("en-GB", "light"), ("zh-CN", "dark")])
def test_pages_fit_a_phone_and_complain_of_nothing(visit, path, locale, scheme):
    visitor = visit(path, locale=locale, color_scheme=scheme)
    for size in (WIDE, PHONE):
        visitor.page.set_viewport_size(size)
        assert overflow_px(visitor.page) <= 0
        name = re.sub(r"\W+", "-", path).strip("-")
        visitor.picture(f"{name}-{scheme}-{locale[:2]}-{size['width']}")
    assert visitor.complaints == []


def test_a_suggestion_is_copied_as_a_command(visit):
    visitor = visit("/admin/metrics/servicesizing/")
    page = visitor.page
    command = page.locator(".dce-size-command [data-copy]").first

    assert str(command.get_attribute("data-copy")).startswith("docker service update --")
    command.click()
    expect(command.locator(".material-symbols-outlined")).to_have_text("check")
    assert visitor.complaints == []
