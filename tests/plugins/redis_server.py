"""A real Redis for the session, on a unix socket of its own."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lab.host import wait_until
from tests.programs import find_program

START_TIMEOUT_S = 60
END_TIMEOUT_S = 10


@dataclass(frozen=True, slots=True)
class RedisServer:
    """Where the session's Redis listens."""

    socket: Path

    @property
    def url(self) -> str:
        """Its address as DCE_REDIS_URL and redis-py take it."""
        return f"unix://{self.socket}"

    def url_of(self, database: int) -> str:
        """The address of one of its sixteen databases."""
        return f"{self.url}?db={database}"


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A Redis that keeps nothing. Its tests carry the marker ``redis``."""
    # Not pytest's own folder: its path may be too long for a unix socket.
    folder = Path(tempfile.mkdtemp(prefix="dce-redis-"))
    server = RedisServer(folder / "redis.sock")
    try:
        with _running(server):
            yield server
    finally:
        shutil.rmtree(folder)


@contextmanager
def _running(server: RedisServer) -> Iterator[None]:
    process = subprocess.Popen(_command(server), stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: _answers(server), what="Redis to answer", timeout_s=START_TIMEOUT_S)
        yield
    finally:
        process.terminate()
        process.wait(timeout=END_TIMEOUT_S)


def _command(server: RedisServer) -> list[str]:
    program = find_program("redis-server") or "redis-server"
    # setpriv ends Redis with its parent, should pytest be killed.
    follow = ["setpriv", "--pdeathsig", "TERM", program]
    listen = ["--port", "0", "--unixsocket", str(server.socket), "--unixsocketperm", "700"]
    forget = ["--dir", str(server.socket.parent), "--save", "", "--appendonly", "no"]
    return [*follow, *listen, *forget]


def _answers(server: RedisServer) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        try:
            client.connect(str(server.socket))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False
