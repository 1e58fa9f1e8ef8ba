"""A PostgreSQL that a test can end and start again; its tests carry the marker ``postgres``."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lab.host import wait_until
from tests.programs import find_program

START_TIMEOUT_S = 60
SETTINGS = "-c listen_addresses='' -c fsync=off -c max_connections=60"


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server on a unix socket in its own folder."""

    folder: Path

    @property
    def url(self) -> str:
        """As DCE_DATABASE_URL takes it."""
        socket = str(self.folder).replace("/", "%2F")
        return f"postgresql://portal@{socket}/postgres"

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        options = f"{SETTINGS} -k {self.folder}"
        log = str(self.folder / "log")
        self._control("start", "-w", "-t", str(START_TIMEOUT_S), "-l", log, "-o", options)

    def stop(self) -> None:
        """End it as a crash does, with every connection that is open."""
        self._control("stop", "-m", "immediate")
        wait_until(lambda: not self.socket.exists(), what="PostgreSQL to be gone", timeout_s=30)

    @property
    def socket(self) -> Path:
        """Its socket's file."""
        return self.folder / ".s.PGSQL.5432"

    def _control(self, *arguments: str) -> None:
        data = str(self.folder / "data")
        _run([program("pg_ctl"), "-D", data, *arguments], cwd=self.folder)


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A fresh server; it and its data are gone after the block."""
    # Not below the portal's folder: the server runs as another user.
    folder = Path(tempfile.mkdtemp(prefix="dce-pg-"))
    server = Postgres(folder)
    if os.geteuid() == 0:
        os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
    folder.chmod(0o755)
    try:
        init = [program("initdb"), "-D", str(folder / "data"), "-U", "portal", "-A", "trust"]
        _run([*init, "-E", "UTF8", "--no-sync"], cwd=folder)
        server.start()
        yield server
    finally:
        if server.socket.exists():
            server.stop()
        shutil.rmtree(folder)


def program(name: str) -> str:
    """A program of the newest server; Debian keeps them outside PATH."""
    known = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(known[-1]) if known else find_program(name) or name


def _run(command: Sequence[str], *, cwd: Path) -> None:
    """Never as root, which PostgreSQL refuses."""
    user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    prefix = user if os.geteuid() == 0 else []
    subprocess.run([*prefix, *command], cwd=cwd, check=True, stdout=subprocess.DEVNULL)
