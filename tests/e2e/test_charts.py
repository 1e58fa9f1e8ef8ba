"""Charts in a real browser: range, zoom, address, comparison, marks, keyboard and downloads, over stored figures."""
# ruff: noqa: F811 - fixtures from the stage, named as arguments

from __future__ import annotations

import csv
import re
import struct
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.charts_stage import (
    CPU,
    MEMORY,
    PICTURES,
    STEP_S,
    cores_at,
    database_first,  # noqa: F401 - a fixture
    focus,
    one_request_at_a_time,  # noqa: F401 - a fixture
    open_charts,
    page,  # noqa: F401 - a fixture
    place,
    point,
    query_of,
    send,
    sockets,  # noqa: F401 - a fixture
    spoken,
    world,  # noqa: F401 - a fixture
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("database_first", "one_request_at_a_time"),
]


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
