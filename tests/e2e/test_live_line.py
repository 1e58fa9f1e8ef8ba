"""The live line through nginx as browsers get it: pace, the page's script, events, a Redis that hangs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis

from dce_portal import live
from dce_portal.live_watcher import SLACK_S
from tests.e2e.live_lines import LONG_S, subscribe, watching
from tests.e2e.site import Site, plain_session, seeded
from tests.lab.host import wait_until
from tests.plugins.portal import CHECKOUT, portal_environ

pytestmark = [pytest.mark.portal, pytest.mark.browser]

MAKE_CLUSTER = (
    "from apps.nodes.models import Cluster;"
    "print('cluster', Cluster.objects.create(name='{name}', kind='engines').pk)"
)
WATCH = """
async ({topic, ws}) => {
  const {liveLine} = await import("/static/js/live.js");
  window.got = [];
  window.states = [];
  const line = liveLine({dataset: {liveWs: ws, liveSse: "/sse/live/"}});
  line.watch(topic, (news) => window.got.push(news));
  line.onState((state) => window.states.push(state));
}
"""
NODES = {"ref": [1, 2, 3], "condition": ["ready", "ready", "down"]}


@pytest.fixture(scope="module")
def site(running_portal) -> Site:
    return seeded(running_portal)


@pytest.fixture
def topic(site, request) -> str:
    environ = portal_environ(data=site.portal.data, port=site.portal.port)
    environ["DJANGO_SETTINGS_MODULE"] = "dce_portal.settings.base"
    source = MAKE_CLUSTER.format(name=request.node.name[-40:])
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", source]
    made = subprocess.run(command, env=environ, cwd=CHECKOUT, check=True, stdout=subprocess.PIPE)
    return f"cluster:{made.stdout.split()[-1].decode()}"


@pytest.fixture(autouse=True)
def _redis(site, monkeypatch) -> Iterator[None]:
    client = redis.Redis.from_url(f"unix://{site.portal.data}/run/redis.sock", socket_timeout=2)
    monkeypatch.setattr(live, "client", lambda: client)
    yield
    client.close()


def usage(number: int) -> dict:
    """A frame of which little moves: it travels as a step."""
    shares = [0.5, round(0.1 + number / 100, 4), None]
    return {
        "type": "usage",
        "at": 1_700_000_000 + number,
        "values": {"cpu_cores": number / 7, "pids": 12.0},
        "limits": {"cpu_cores": 4.0, "memory_bytes": None},
        "nodes": NODES | {"cpu_share": shares},
    }


def publish(topic: str, numbers) -> None:
    """Some frames a second apart."""
    for number in numbers:
        live.publish(topic, usage(number))
        time.sleep(1)


@contextmanager
def visited(site, browser, topic, *, ws="/ws/live/"):
    """A page of the portal whose script watches the topic."""
    context = browser.new_context()
    cookie = {"name": "dce_session", "value": site.sign_in("admin"), "url": site.base_url}
    context.add_cookies([cookie])
    page = context.new_page()
    page.goto(f"{site.base_url}/admin/password_change/")
    page.evaluate(WATCH, {"topic": topic, "ws": ws})
    page.wait_for_function("window.got.length > 0", timeout=LONG_S * 1000)
    yield page
    context.close()


def frames_of(page) -> list[dict]:
    """What the handler was given so far."""
    found = page.evaluate("window.got.flatMap((news) => news.frames.map((frame) => frame.data))")
    return list(found)


def wait_for_frame(page, number: int) -> None:
    at = usage(number)["at"]
    page.wait_for_function(
        f"window.got.some((news) => news.frames.some((frame) => frame.data.at === {at}))",
        timeout=LONG_S * 1000,
    )


def test_the_pages_script_gets_every_frame_whole(site, chromium_browser, topic):
    live.publish(topic, usage(0))
    with visited(site, chromium_browser, topic) as page:
        publish(topic, range(1, 5))
        wait_for_frame(page, 4)

        assert frames_of(page) == [usage(number) for number in range(5)]


def test_where_sockets_do_not_get_through_events_carry_the_same(site, chromium_browser, topic):
    live.publish(topic, usage(0))
    with visited(site, chromium_browser, topic, ws="/no/such/socket/") as page:
        publish(topic, range(1, 4))
        wait_for_frame(page, 3)

        assert frames_of(page) == [usage(number) for number in range(4)]


def messages_of(lines, seconds: float) -> list[dict]:
    """The messages of so many seconds."""
    found, until_s = [], time.monotonic() + seconds
    for line in lines:
        text = line.decode() if isinstance(line, bytes) else line
        if text.startswith(("data: ", "{")):
            found.append(json.loads(text.removeprefix("data: ")))
        if time.monotonic() > until_s:
            return found
    return found


def kinds(messages) -> list[str]:
    return [message["type"] for message in messages]


@contextmanager
def publishing(topic: str, every_s: float) -> Iterator[None]:
    """Frames far too often, from beside."""
    import threading

    ended = threading.Event()

    def run() -> None:
        number = 0
        while not ended.wait(every_s):
            number += 1
            live.publish(topic, usage(number))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@pytest.mark.parametrize("carrier", ["socket", "events"])
def test_a_browser_gets_one_frame_a_second_whatever_is_published(site, topic, carrier):
    live.publish(topic, usage(0))
    with publishing(topic, 0.1):
        began_s = time.monotonic()
        read = from_socket if carrier == "socket" else from_events
        heard = read(site, "admin", topic)
        took_s = time.monotonic() - began_s
    moving = [message for message in heard if message["type"] in {"batch", "delta"}]
    numbers = [
        one["seq"] for m in moving for one in m.get("messages", [m]) if one["type"] == "delta"
    ]

    assert 3 <= len(moving) <= took_s + 1 + SLACK_S
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), (
        "none of usage is left out"
    )


def from_socket(site, person: str, topic: str) -> list[dict]:
    with watching(site, person) as line:
        subscribe(line, topic)
        return messages_of(line, 5)


def from_events(site, person: str, topic: str) -> list[dict]:
    with plain_session() as session:
        session.cookies.set("dce_session", site.sign_in(person))
        address = f"{site.base_url}/sse/live/?topics={topic}"
        with session.get(address, stream=True, timeout=LONG_S) as answer:
            return messages_of(answer.iter_lines(chunk_size=1), 5)


def test_mallory_gets_nothing_by_either(site, topic):
    with publishing(topic, 0.1):
        for heard in (
            from_socket_refused(site, "mallory", topic),
            from_events_refused(site, "mallory", topic),
        ):
            assert set(kinds(heard)) == {"hello", "refused"}


def from_socket_refused(site, person: str, topic: str) -> list[dict]:
    with watching(site, person) as line:
        subscribe(line, topic)
        return [json.loads(line.recv(timeout=LONG_S)) for _ in range(2)]


def from_events_refused(site, person: str, topic: str) -> list[dict]:
    with plain_session() as session:
        session.cookies.set("dce_session", site.sign_in(person))
        address = f"{site.base_url}/sse/live/?topics={topic}"
        with session.get(address, stream=True, timeout=LONG_S) as answer:
            lines = (line for line in answer.iter_lines(chunk_size=1) if line.startswith(b"data"))
            return [json.loads(next(lines).removeprefix(b"data: ")) for _ in range(2)]


def test_a_redis_that_hangs_makes_pages_late_and_nothing_is_missing_after(
    site, chromium_browser, topic
):
    live.publish(topic, usage(0))
    pid = site.process_ids()["redis"]
    with visited(site, chromium_browser, topic) as page:
        os.kill(pid, signal.SIGSTOP)
        try:
            assert live.publish(topic, usage(1)) is None
            page.wait_for_function("window.states.at(-1) === 'lost'", timeout=LONG_S * 1000)
        finally:
            os.kill(pid, signal.SIGCONT)
        page.wait_for_function("window.states.at(-1) === 'live'", timeout=LONG_S * 1000)
        wait_until(
            lambda: live.publish(topic, usage(2)), what="a frame to go out", timeout_s=LONG_S
        )
        wait_for_frame(page, 2)
        # The frame that never went out is in the history only, which the page is told to read.
        page.wait_for_function("window.got.some((news) => news.gap)", timeout=LONG_S * 1000)
