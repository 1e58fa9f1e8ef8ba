"""The whole portal as ``make run`` starts it; tests that use it carry the marker ``portal``."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.free_port import free_port
from tests.lab.host import LabError, wait_until
from tests.plugins.prepared import put_prepared

CHECKOUT = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 240
END_TIMEOUT_S = 20
PASSWORD = "correct-horse-battery"
# This process' settings are the suite's own; the portal starts from a plain environment.
NOT_HANDED_ON = ("DCE_", "DJANGO_SETTINGS_MODULE", "PYTEST_", "COV_")


@dataclass(frozen=True, slots=True)
class Portal:
    """A running portal: where it is, where its files are, who may sign in."""

    port: int
    https_port: int
    data: Path
    process: subprocess.Popen[str] = field(repr=False)
    username: str = "admin"
    password: str = PASSWORD

    @property
    def base_url(self) -> str:
        """The address without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def https_url(self) -> str:
        """The same over TLS, with a certificate of the portal's own CA."""
        return f"https://127.0.0.1:{self.https_port}"

    @property
    def authority(self) -> Path:
        """The CAs that a client of the HTTPS address is to trust."""
        return self.data / "secrets" / "authority" / "bundle.pem"

    def launcher(self, command: str) -> subprocess.CompletedProcess[str]:
        """Call the launcher beside the running portal: status, stop."""
        environ = portal_environ(data=self.data, port=self.port, https_port=self.https_port)
        return call_launcher(command, environ)


def portal_environ(
    *, data: Path, port: int, https_port: int = 0, **settings: str
) -> dict[str, str]:
    """A plain environment with the portal's settings; no HTTPS unless a port is given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_HANDED_ON)}
    ports = {"DCE_HTTP_PORT": str(port), "DCE_HTTPS_PORT": str(https_port)}
    return {**kept, "DCE_DATA": str(data), **ports, **settings}


def launcher_command(command: str) -> list[str]:
    """The launcher as `make` calls it, from any folder."""
    starter = "import sys; sys.path.insert(0, sys.argv.pop(1)); import runpy;"
    starter += " runpy.run_module('dce_portal.launcher', run_name='__main__', alter_sys=True)"
    return [sys.executable, "-c", starter, str(CHECKOUT), command]


def call_launcher(
    command: str, environ: dict[str, str], *, prefix: tuple[str, ...] = (), cwd: Path = CHECKOUT
) -> subprocess.CompletedProcess[str]:
    """Run the launcher to its end."""
    return subprocess.run(
        [*prefix, *launcher_command(command)],
        env=environ,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=START_TIMEOUT_S,
        check=False,
    )


@contextmanager
def started_portal(
    data: Path,
    *,
    port: int | None = None,
    cwd: Path = CHECKOUT,
    is_prepared: bool = True,
    **settings: str,
) -> Iterator[Portal]:
    """Start a portal, wait for its login page, end it; a prepared one's first start is a quick one."""
    port, https_port = port or free_port(), free_port()
    plain = portal_environ(data=data, port=port, https_port=https_port, DCE_ADMIN_PASSWORD=PASSWORD)
    environ = {**plain, **settings}
    if is_prepared and "DCE_DATABASE_URL" not in settings and not data.exists():
        put_prepared(data, plain)
    # setpriv ends it with this process, should pytest be killed.
    command = ["setpriv", "--pdeathsig", "TERM", *launcher_command("run")]
    log = data.parent / f"{data.name[:40]}.out"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command, env=environ, cwd=cwd, stdout=output, stderr=subprocess.STDOUT, text=True
        )
    portal = Portal(port=port, https_port=https_port, data=data, process=process)
    try:
        _wait_for_login_page(portal, log)
        yield portal
    finally:
        end(process)


def end(process: subprocess.Popen[str]) -> None:
    """Ask for the end as Ctrl-C's sibling does, and insist."""
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=END_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def answers(url: str) -> bool:
    """Whether an address answers 200."""
    with suppress(OSError), urllib.request.urlopen(url, timeout=5) as response:
        return bool(response.status == 200)
    return False


def _wait_for_login_page(portal: Portal, log: Path) -> None:
    def is_there() -> bool:
        if portal.process.poll() is not None:
            raise LabError(f"The portal ended: {log.read_text(encoding='utf-8')}")
        return answers(f"{portal.base_url}/admin/login/")

    wait_until(is_there, what="the login page", timeout_s=START_TIMEOUT_S)


@pytest.fixture(scope="session")
def running_portal() -> Iterator[Portal]:
    """One portal for the whole session, with an administrator and no Docker engine of its own."""
    folder = Path(tempfile.mkdtemp(prefix="dce-portal-"))
    try:
        with started_portal(folder / "var") as portal:
            yield portal
    finally:
        shutil.rmtree(folder)
