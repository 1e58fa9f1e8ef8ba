"""Stand-in managers as processes, over a lab's engines and a real etcd, all with TLS."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.free_port import free_port
from tests.lab.certificates import Authority, TlsFiles
from tests.plugins.etcd import EtcdServer
from tests.plugins.portal import CHECKOUT, end

LEADER_TTL_S = 4


@dataclass
class ManagerProcess:
    """One `swarm manage`."""

    address: str
    process: subprocess.Popen[str] = field(repr=False)

    @property
    def url(self) -> str:
        """As the portal writes it."""
        return f"tcp://{self.address}"

    def kill(self) -> None:
        """End it at once, as a loss of power does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextmanager
def managers(
    count: int, *, etcd: EtcdServer, files: Authority, log: Path
) -> Iterator[list[ManagerProcess]]:
    """So many managers, each with a certificate for both directions, until the block ends."""
    started: list[ManagerProcess] = []
    try:
        for number in range(1, count + 1):
            certificate = files.issue(f"manager-{number}", "127.0.0.1", f"manager-{number}")
            started.append(_start(certificate, etcd=etcd, log=log / f"manager-{number}.log"))
        yield started
    finally:
        for manager in started:
            end(manager.process)


def _start(certificate: TlsFiles, *, etcd: EtcdServer, log: Path) -> ManagerProcess:
    address = f"127.0.0.1:{free_port()}"
    program = (sys.executable, "-m", "tests.standins.standalone_swarm")
    flags = ("--listen", address, "--etcd", etcd.url, "--tls", str(certificate.folder))
    follow = ("setpriv", "--pdeathsig", "TERM")
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [*follow, *program, *flags, "--leader-ttl-s", str(LEADER_TTL_S)],
            cwd=CHECKOUT,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
    return ManagerProcess(address, process)
