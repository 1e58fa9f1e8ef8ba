"""A real Prometheus, on a folder and a port of its own; tests that use it carry the marker ``prometheus``."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import yaml

from tests.free_port import free_port
from tests.lab.host import wait_until
from tests.programs import find_program

START_TIMEOUT_S = 60
END_TIMEOUT_S = 30
TIMEOUT_S = 30


@dataclass(slots=True)
class Prometheus:
    """A server that can be ended and started again over the same data."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def configure(self, *jobs: Mapping[str, Any], every: str = "1s") -> None:
        """Write what it scrapes; a running server does not read it again."""
        told = {"global": {"scrape_interval": every, "scrape_timeout": every}}
        text = yaml.safe_dump({**told, "scrape_configs": list(jobs)})
        (self.folder / "prometheus.yml").write_text(text)

    def start(self) -> None:
        """Start it, with remote writes let in, and wait until it is ready."""
        program = find_program("prometheus") or "prometheus"
        options = {
            "config.file": self.folder / "prometheus.yml",
            "storage.tsdb.path": self.folder / "data",
            "web.listen-address": f"127.0.0.1:{self.port}",
        }
        # setpriv ends it with its parent, should pytest be killed.
        command = ["setpriv", "--pdeathsig", "TERM", program, "--web.enable-remote-write-receiver"]
        command += [f"--{name}={value}" for name, value in options.items()]
        with (self.folder / "prometheus.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_until(self.is_ready, what="Prometheus to be ready", timeout_s=START_TIMEOUT_S)

    def stop(self) -> None:
        """End it; its data stays."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=END_TIMEOUT_S)
            self.process = None

    def is_ready(self) -> bool:
        """Whether it answers queries."""
        with suppress(requests.RequestException), _session() as session:
            return session.get(f"{self.url}/-/ready", timeout=TIMEOUT_S).ok
        return False

    def get(self, path: str, **query: object) -> Any:
        """The data of one of its API's answers; an error of its is raised with its words."""
        with _session() as session:
            answer = session.get(f"{self.url}/api/v1/{path}", params=query, timeout=TIMEOUT_S)  # type: ignore[arg-type]  # texts and numbers
        body = answer.json()
        if body["status"] != "success":
            raise AssertionError(f"{query}: {body['error']}")
        return body["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series of an instant query."""
        return list(self.get("query", query=expression)["result"])

    def moments(self, selector: str, *, range_s: int = 3600) -> dict[int, float]:
        """Every raw sample of the one series that fits, by its second."""
        (series,) = self.query(f"{selector}[{range_s}s]")
        return {int(at): float(value) for at, value in series["values"]}


@contextmanager
def prometheus_in(folder: Path) -> Iterator[Prometheus]:
    """A server that is to be configured and started; it ends with the block."""
    folder.mkdir(parents=True, exist_ok=True)
    server = Prometheus(folder)
    try:
        yield server
    finally:
        server.stop()


def lint(exposition: bytes) -> list[str]:
    """What `promtool check metrics` finds wrong, a line each."""
    program = find_program("promtool") or "promtool"
    done = subprocess.run(
        [program, "check", "metrics"], input=exposition, capture_output=True, check=False
    )
    return (done.stdout + done.stderr).decode().splitlines()


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session
