"""What the benchmarks stand on: a portal with people, a bare registry as the peer, tables."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.e2e.site import Site, seeded
from tests.plugins.portal import free_port, started_portal
from tests.programs import find_program

PEER_USER, PEER_PASSWORD = "robot", "a-robots-password"
BCRYPT_COST = "5"
START_TIMEOUT_S = 20

PEER_CONFIGURATION = """\
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage:
  filesystem: {{rootdirectory: {folder}/data}}
  delete: {{enabled: true}}
http: {{addr: "127.0.0.1:{port}"}}
{auth}
"""


@contextmanager
def portal() -> Iterator[Site]:
    """A portal as `make run` starts it, with no engine, and Alice in it."""
    with tempfile.TemporaryDirectory(prefix="dce-bench-") as folder:
        # No socket of this machine's own engine: its polls would disturb the figures.
        nowhere = {"DCE_DOCKER_HOST": f"unix://{folder}/none.sock"}
        with started_portal(Path(folder) / "var", **nowhere) as running:
            site = seeded(running)
            site.wait_healthy()
            yield site


@contextmanager
def bare_registry(*, with_htpasswd: bool) -> Iterator[str]:
    """Debian's registry alone, as most people run it; yields its address."""
    folder = Path(tempfile.mkdtemp(prefix="dce-peer-"))
    port = free_port()
    (folder / "config.yml").write_text(
        PEER_CONFIGURATION.format(folder=folder, port=port, auth=_auth(folder, with_htpasswd))
    )
    command = [find_program("docker-registry") or "docker-registry", "serve"]
    process = subprocess.Popen([*command, str(folder / "config.yml")], stderr=subprocess.DEVNULL)
    try:
        _wait_for_port(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder)


def _auth(folder: Path, with_htpasswd: bool) -> str:  # noqa: FBT001 - named by its only caller
    if not with_htpasswd:
        return ""
    command = ["htpasswd", "-bnBC", BCRYPT_COST, PEER_USER, PEER_PASSWORD]
    line = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    (folder / "htpasswd").write_bytes(line)
    return f"auth: {{htpasswd: {{realm: peer, path: {folder}/htpasswd}}}}"


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise TimeoutError(f"Nothing listens on port {port} after {START_TIMEOUT_S} s.")


def family(pid: int) -> list[int]:
    """A process with all that it started."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for task in tasks for child in task.read_text().split()]
    return [pid, *(one for child in children for one in family(child))]


def get(url: str, headers: dict[str, str]) -> int:
    """The status of one request."""
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print figures in columns."""
    cells = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    print(f"\n{title}")
    for number, row in enumerate(cells):
        first, *rest = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print(
            "  "
            + "  ".join(
                [first, *(cell.strip().rjust(w) for cell, w in zip(rest, widths[1:], strict=True))]
            )
        )
        if number == 0:
            print("  " + "  ".join("-" * width for width in widths))
