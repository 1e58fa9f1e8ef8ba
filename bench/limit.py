"""The upper limit of the token endpoint here: the same nginx and granian over an application that does nothing."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.stand import get
from tests.e2e.site import Site
from tests.plugins.portal import CHECKOUT, free_port
from tests.programs import find_program

# As long as an answer with a token.
BODY = b'{"token":"' + b"x" * 2300 + b'"}'
START_TIMEOUT_S = 20


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Answer without looking."""
    start_response("200 OK", [("Content-Type", "application/json"), ("Cache-Control", "no-store")])
    return [BODY]


@contextmanager
def bare_limit(site: Site) -> Iterator[str]:
    """A granian with the portal's own flags behind an nginx with its configuration; yields the token address."""
    with tempfile.TemporaryDirectory(prefix="dce-limit-") as name:
        folder, port = Path(name), free_port()
        config = folder / "nginx.conf"
        config.write_text(_moved(site, folder, port))
        web = subprocess.Popen(_web_command(folder), cwd=CHECKOUT)
        front = subprocess.Popen(
            [find_program("nginx") or "nginx", "-p", name, "-c", str(config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            url = f"http://127.0.0.1:{port}/auth/token"
            _wait_for(url)
            yield url
        finally:
            for process in (front, web):
                process.send_signal(signal.SIGTERM)
                process.wait(timeout=START_TIMEOUT_S)


def _moved(site: Site, folder: Path, port: int) -> str:
    """The portal's nginx configuration with sockets, files and port of its own, without TLS."""
    text = (site.portal.data / "config" / "nginx.conf").read_text()
    text = re.sub(r"\n[^\n]*listen [^\n]* ssl http2;", "", text)
    text = text.replace(f"127.0.0.1:{site.portal.port};", f"127.0.0.1:{port};")
    for own in ("web.sock", "nginx"):
        text = re.sub(rf"[^\s:;]+/run/{re.escape(own)}", f"{folder}/{own}", text)
    return text


def _web_command(folder: Path) -> list[str]:
    how = "--interface wsgi --http 1 --no-ws --backlog 1024 --workers 2 --blocking-threads 4"
    socket = ("--uds", str(folder / "web.sock"), "--log-level", "warning")
    return [sys.executable, "-m", "granian", *how.split(), *socket, "bench.limit:application"]


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            if get(url, {}) == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise TimeoutError(f"{url} does not answer after {START_TIMEOUT_S} s.")
