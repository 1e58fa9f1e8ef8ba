"""A real etcd with its v2 keys, as a standalone Swarm needs it; tests that use one carry the marker ``etcd``."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.free_port import free_port
from tests.lab.host import wait_until
from tests.programs import find_program

START_TIMEOUT_S = 60
END_TIMEOUT_S = 20
ANSWER_TIMEOUT_S = 10


@dataclass
class EtcdServer:
    """A single member."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Where its clients ask."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def discovery_url(self) -> str:
        """The same as a Swarm's manager is told of it."""
        return f"etcd://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it is healthy."""
        self.process = subprocess.Popen(
            self._command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(self.is_healthy, what="etcd to be healthy", timeout_s=START_TIMEOUT_S)

    def stop(self) -> None:
        """End it; its data stays."""
        process, self.process = self.process, None
        if process is not None:
            process.terminate()
            process.wait(timeout=END_TIMEOUT_S)

    def is_healthy(self) -> bool:
        """What it says of itself."""
        with suppress(requests.RequestException, ValueError):
            return bool(self._ask("GET", "/health").get("health") == "true")
        return False

    def register(self, *addresses: str, ttl_s: int = 180, prefix: str = "") -> None:
        """Register nodes as `swarm join` does."""
        for address in addresses:
            form = {"value": address, "ttl": str(ttl_s)}
            self._ask("PUT", f"/v2/keys{prefix}/docker/swarm/nodes/{address}", form)

    def clear(self) -> None:
        """Forget every key."""
        self._ask("DELETE", "/v2/keys/docker?recursive=true")

    def hold_leader(self, address: str) -> None:
        """Let a manager that is not there hold the leader's key."""
        self._ask("PUT", "/v2/keys/docker/swarm/leader", {"value": address, "ttl": "180"})

    def release_leader(self) -> None:
        """Free the leader's key."""
        self._ask("DELETE", "/v2/keys/docker/swarm/leader")

    def primary(self) -> str:
        """The manager that holds the leader's key."""
        found = self._ask("GET", "/v2/keys/docker/swarm/leader")
        return str(found.get("node", {}).get("value", ""))

    def _ask(self, method: str, path: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
        with requests.Session() as session:
            session.trust_env = False
            url = f"{self.url}{path}"
            answer = session.request(method, url, data=form, timeout=ANSWER_TIMEOUT_S)
            return dict(answer.json())

    def _command(self) -> list[str]:
        peer = f"http://127.0.0.1:{free_port()}"
        return [
            # setpriv ends it with its parent, should pytest be killed.
            *("setpriv", "--pdeathsig", "TERM", find_program("etcd") or "etcd"),
            *("--name", "one", "--data-dir", str(self.folder / "data"), "--enable-v2=true"),
            *("--listen-client-urls", self.url, "--advertise-client-urls", self.url),
            *("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer),
            *("--initial-cluster", f"one={peer}"),
        ]


@contextmanager
def running_etcd() -> Iterator[EtcdServer]:
    """One member until the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="dce-etcd-"))
    server = EtcdServer(free_port(), folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def session_etcd() -> Iterator[EtcdServer]:
    """One for the session."""
    with running_etcd() as server:
        yield server


@pytest.fixture
def etcd_server(session_etcd: EtcdServer) -> Iterator[EtcdServer]:
    """The session's etcd without a key in it."""
    session_etcd.clear()
    yield session_etcd
    session_etcd.clear()
