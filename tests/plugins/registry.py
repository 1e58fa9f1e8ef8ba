"""Debian's docker-registry for the session, on a unix socket, with the portal's token authentication."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from dce_portal import secret_files
from dce_portal.launcher.keys import make_keys
from tests.lab.host import wait_until
from tests.programs import find_program

START_TIMEOUT_S = 60
END_TIMEOUT_S = 10


@dataclass(frozen=True, slots=True)
class RegistryServer:
    """A running registry: its socket, and the folder with the keys that it trusts."""

    socket: Path
    secrets: Path


@pytest.fixture(scope="session")
def registry_server() -> Iterator[RegistryServer]:
    """An empty registry. Its tests carry the marker ``registry``."""
    # Not pytest's own folder: its path may be too long for a unix socket.
    folder = Path(tempfile.mkdtemp(prefix="dce-registry-"))
    server = RegistryServer(folder / "registry.sock", folder / "secrets")
    server.secrets.mkdir(mode=0o700)
    make_keys(server.secrets)
    try:
        with _running(server, folder):
            yield server
    finally:
        shutil.rmtree(folder)


@contextmanager
def _running(server: RegistryServer, folder: Path) -> Iterator[None]:
    config = folder / "config.yml"
    config.write_text(yaml.safe_dump(_configuration(server, folder)), encoding="utf-8")
    program = find_program("docker-registry") or "docker-registry"
    # setpriv ends the registry with its parent, should pytest be killed.
    command = ["setpriv", "--pdeathsig", "TERM", program, "serve", str(config)]
    with (folder / "registry.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_until(lambda: _listens(server), what="the registry", timeout_s=START_TIMEOUT_S)
        yield
    finally:
        process.terminate()
        process.wait(timeout=END_TIMEOUT_S)


def _configuration(server: RegistryServer, folder: Path) -> dict[str, object]:
    token = {
        "realm": "http://127.0.0.1/auth/token",
        "service": "dce-registry",
        "issuer": "dce-portal",
        "rootcertbundle": str(server.secrets / secret_files.SIGNING_CERTIFICATE),
    }
    storage = {"filesystem": {"rootdirectory": str(folder / "data")}, "delete": {"enabled": True}}
    return {
        "version": 0.1,
        "log": {"accesslog": {"disabled": True}},
        "storage": storage,
        "http": {"net": "unix", "addr": str(server.socket), "relativeurls": True},
        "auth": {"token": token},
    }


def _listens(server: RegistryServer) -> bool:
    with suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
        probe.connect(str(server.socket))
        return True
    return False
