"""What twelve live charts cost the browser, beside bare uPlot with the same data at the same pace in the same run.

A page of twelve charts, each a quarter of an hour long with a sample a second, gets a frame a second for each over a
WebSocket; the processor time of Chromium's processes is read from /proc. All charts are on the screen at once.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import django
from aiohttp import WSMsgType, web
from playwright.async_api import Browser, CDPSession, async_playwright

from bench.stand import table
from tests.plugins.browser import FLAGS
from tests.plugins.portal import CHECKOUT
from tests.plugins.requirements import CHROMIUM_NAMES
from tests.programs import find_program

CHARTS = 12
HISTORY_S = 900
WARM_UP_S = 5
MEASURED_S = 20
LONGEST_S = 120
ROUNDS = 2
GOAL_PERCENT = 5.0
TICKS = os.sysconf("SC_CLK_TCK")

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<link rel="stylesheet" href="/static/css/portal.css"><link rel="stylesheet" href="/static/css/charts.css">
<style>.grid {{ display: grid; grid-template-columns: repeat(3, 1fr); gap: 16px; }}</style>{head}</head>
<body><div class="grid">{body}</div></body></html>"""

BARE_HEAD = (
    '<link rel="stylesheet" href="/static/uplot/uPlot.min.css">'
    '<script src="/static/uplot/uPlot.iife.min.js"></script>'
)

BARE_SCRIPT = """<script type="module">
const charts = await Promise.all([...document.querySelectorAll(".bare")].map(async (element) => {
  const answer = await (await fetch(`/api/v1/samples/?kind=node&ref=${element.dataset.ref}`)).json();
  const data = [answer.at, answer.columns.cpu_cores];
  const line = { stroke: "#2563eb", width: 1.75, fill: "#2563eb22" };
  const options = { width: element.clientWidth, height: 190, series: [{}, line] };
  return { data, plot: new uPlot(options, data, element) };
}));
const socket = new WebSocket(`ws://${location.host}/ws/live/`);
const topics = charts.map((_, index) => `node:${index + 1}`);
socket.onopen = () => socket.send(JSON.stringify({ type: "subscribe", topics }));
socket.onmessage = ({ data: text }) => {
  const message = JSON.parse(text);
  if (message.type !== "delta") return;
  const { data, plot } = charts[Number(message.topic.split(":")[1]) - 1];
  data[0].push(message.data.at); data[1].push(message.data.values.cpu_cores);
  data[0].shift(); data[1].shift();
  plot.setData(data);
};
</script>"""


def cores_at(ref: int, at: int) -> float:
    """A busy line of its own for each chart."""
    return 2 + math.sin(at / (20 + ref)) + 0.3 * math.sin(at * ref)


def portal_page() -> str:
    """Twelve of the portal's chart components, as its pages include them."""
    from django.template.loader import render_to_string

    charts = [
        render_to_string(
            "components/usage_chart.html", {"kind": "node", "ref": ref, "metric": "cpu"}
        )
        for ref in range(1, CHARTS + 1)
    ]
    script = '<script src="/static/js/portal.js" defer></script>'
    return PAGE.format(title="portal", head=script, body="".join(charts))


def bare_page() -> str:
    """Twelve plots and nothing else."""
    plots = "".join(f'<div class="bare" data-ref="{ref}"></div>' for ref in range(1, CHARTS + 1))
    return PAGE.format(title="bare", head=BARE_HEAD, body=plots + BARE_SCRIPT)


async def samples(request: web.Request) -> web.Response:
    """A quarter of an hour of seconds."""
    ref, now_s = int(request.query["ref"]), int(time.time())
    at = list(range(now_s - HISTORY_S, now_s))
    cores = [cores_at(ref, moment) for moment in at]
    columns = {"cpu_cores": cores, "cpu_cores_min": cores, "cpu_cores_max": cores}
    answer = {"tier": "raw", "step_s": 1, "gap_s": 45, "at": at, "columns": columns}
    about: dict[str, Any] = {"limits": {"cpu_cores": 4}, "reservations": {}, "capacity": {}}
    return web.json_response(answer | about)


async def marks(request: web.Request) -> web.Response:
    """A deploy and a restart in each."""
    at = int(time.time())
    found = [
        {"at": at - ago, "kind": "x", "tone": tone, "subject": "shop", "text": "x", "link": ""}
        for ago, tone in ((600, "busy"), (200, "bad"))
    ]
    return web.json_response({"marks": found})


async def live(request: web.Request) -> web.WebSocketResponse:
    """As the portal's line: a snapshot that says where a topic stands, then a frame a second."""
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    line = Line(socket)
    feeding = asyncio.create_task(line.feed())
    async for message in socket:
        if message.type == WSMsgType.TEXT:
            await line.subscribe(json.loads(message.data)["topics"])
    feeding.cancel()
    return socket


@dataclass
class Line:
    """One browser's topics; all of them count alike."""

    socket: web.WebSocketResponse
    topics: set[str] = field(default_factory=set)
    seq: int = 0

    async def subscribe(self, topics: list[str]) -> None:
        """Say where they stand."""
        self.topics.update(topics)
        for topic in topics:
            state = {"type": "snapshot", "topic": topic, "seq": self.seq, "frames": []}
            await self.socket.send_str(json.dumps(state))

    async def feed(self) -> None:
        """A frame a second for each."""
        with suppress(ConnectionError):
            while True:
                self.seq += 1
                for topic in sorted(self.topics):
                    await self.socket.send_str(json.dumps(self.frame(topic, int(time.time()))))
                await asyncio.sleep(1)

    def frame(self, topic: str, at: int) -> dict[str, Any]:
        """As a poll publishes it."""
        values = {"cpu_cores": cores_at(int(topic.split(":")[1]), at)}
        data = {"type": "usage", "at": at, "values": values, "limits": {"cpu_cores": 4}}
        return {"type": "delta", "topic": topic, "seq": self.seq, "data": data}


def application() -> web.Application:
    """Both pages, what they load, and what they are fed."""
    app = web.Application()
    pages = {"/portal": portal_page(), "/bare": bare_page()}

    async def page(request: web.Request) -> web.Response:
        return web.Response(text=pages[request.path], content_type="text/html")

    app.router.add_get("/portal", page)
    app.router.add_get("/bare", page)
    app.router.add_get("/api/v1/samples/", samples)
    app.router.add_get("/api/v1/samples/marks/", marks)
    app.router.add_get("/ws/live/", live)
    app.router.add_static("/static/uplot", CHECKOUT / "node_modules" / "uplot" / "dist")
    app.router.add_static("/static", CHECKOUT / "static")
    return app


@dataclass
class Spent:
    """Processor seconds of one page: of its renderer, and of all of Chromium."""

    renderer_s: float = 0
    all_s: float = 0
    seconds: float = 0
    heap_mib: list[float] = field(default_factory=list)

    def percent(self, what: float) -> str:
        """Of one core."""
        return f"{100 * what / self.seconds:.1f} %"


async def measure(browser: Browser, address: str, spent: Spent) -> None:
    """Open the page, let it settle, and count; a page that hangs fails rather than waits."""
    async with asyncio.timeout(LONGEST_S):
        await _measure(browser, address, spent)


async def _measure(browser: Browser, address: str, spent: Spent) -> None:
    page = await browser.new_page(viewport={"width": 1600, "height": 1200})
    await page.goto(address)
    await page.wait_for_function(f"document.querySelectorAll('canvas').length === {CHARTS}")
    await asyncio.sleep(WARM_UP_S)
    session = await browser.new_browser_cdp_session()
    before, begun = await cpu_of(session), time.monotonic()
    await asyncio.sleep(MEASURED_S)
    after = await cpu_of(session)
    spent.seconds += time.monotonic() - begun
    spent.renderer_s += after["renderer"] - before["renderer"]
    spent.all_s += sum(after.values()) - sum(before.values())
    heap = await page.evaluate("performance.memory.usedJSHeapSize / 2 ** 20")
    spent.heap_mib.append(heap)
    await page.close()


async def cpu_of(session: CDPSession) -> dict[str, float]:
    """Processor seconds of Chromium's processes by their kind, from /proc."""
    found = await session.send("SystemInfo.getProcessInfo")
    totals: dict[str, float] = {"renderer": 0}
    for process in found["processInfo"]:
        totals[process["type"]] = totals.get(process["type"], 0) + _seconds(process["id"])
    return totals


def _seconds(pid: int) -> float:
    with suppress(FileNotFoundError):
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS
    return 0


async def run() -> dict[str, Spent]:
    """Each page in turn, more than once, in one browser each."""
    runner = web.AppRunner(application(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    spent = {"bare": Spent(), "portal": Spent()}
    async with async_playwright() as playwright:
        program = find_program(*CHROMIUM_NAMES)
        for name in _in_turn(spent):
            browser = await playwright.chromium.launch(executable_path=program, args=list(FLAGS))
            await measure(browser, f"http://127.0.0.1:{port}/{name}", spent[name])
            await browser.close()
    await runner.cleanup()
    return spent


def _in_turn(spent: dict[str, Spent]) -> Iterator[str]:
    for _round in range(ROUNDS):
        yield from spent


def main() -> None:
    """Measure both and print them."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dce_portal.settings.test")
    django.setup()
    spent = asyncio.run(run())
    rows = [
        (
            {"bare": "bare uPlot", "portal": "the portal's charts"}[name],
            one.percent(one.renderer_s),
            one.percent(one.all_s),
            f"{max(one.heap_mib):.1f} MiB",
        )
        for name, one in spent.items()
    ]
    title = f"{CHARTS} live charts, a frame a second each, {HISTORY_S} points (goal: ≤ {GOAL_PERCENT:g} % of a core)"
    table(title, ("", "renderer", "all of Chromium", "script's heap"), rows)


if __name__ == "__main__":
    main()
