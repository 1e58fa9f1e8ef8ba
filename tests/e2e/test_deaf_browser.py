"""The tests' browser goes on loading while interfaces of the machine come and go."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page

from tests.lab.host import run

pytestmark = [pytest.mark.browser, pytest.mark.lab]

# With its ears open, Chromium gives up hundreds of these scripts.
PAGES, SCRIPTS = 20, 30
# RFC 2544's range for tests of networks.
ADDRESS = "198.18.0.1/32"


class ManyScripts(BaseHTTPRequestHandler):
    """A page of many empty scripts."""

    def do_GET(self) -> None:
        """Answer the page or a script."""
        tags = "".join(f"<script src=/{number}.js></script>" for number in range(SCRIPTS))
        self.send_response(200)
        self.send_header("Content-Type", "text/html" if self.path == "/" else "text/javascript")
        self.end_headers()
        self.wfile.write(tags.encode() if self.path == "/" else b"")

    def log_message(self, *_said: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), ManyScripts)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def restless_network() -> Iterator[None]:
    """An interface with an address that comes and goes until the test ends."""
    ended = threading.Event()
    thread = threading.Thread(target=_come_and_go, args=(ended, f"dce-deaf{os.getpid() % 1000}"))
    thread.start()
    yield
    ended.set()
    thread.join()


def _come_and_go(ended: threading.Event, interface: str) -> None:
    while not ended.is_set():
        run("ip", "link", "add", interface, "type", "veth")
        run("ip", "address", "add", ADDRESS, "dev", interface)
        run("ip", "link", "set", interface, "up")
        ended.wait(0.1)
        run("ip", "link", "delete", interface)


@pytest.mark.usefixtures("restless_network")
def test_nothing_is_given_up(chromium_page: Page, address: str) -> None:
    failed: list[str | None] = []
    chromium_page.on("requestfailed", lambda request: failed.append(request.failure))
    for _page in range(PAGES):
        chromium_page.goto(address)
    assert failed == []
