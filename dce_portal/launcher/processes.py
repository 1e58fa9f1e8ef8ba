"""Asks supervisord, over its unix socket, what runs; and tells it to end."""

from __future__ import annotations

import http.client
import socket
import time
import xmlrpc.client
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Any, cast

from dce_portal.launcher.errors import LauncherError
from dce_portal.paths import Paths

TIMEOUT_S = 5.0
STOP_WITHIN_S = 15.0


@dataclass(frozen=True, slots=True)
class ProcessState:
    """One program as supervisord sees it."""

    name: str
    state: str
    pid: int
    description: str


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT_S)
        self.sock.connect(self._path)


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: object) -> http.client.HTTPConnection:
        return _UnixConnection(self._path)


def is_running(paths: Paths) -> bool:
    """Whether a supervisord listens on the socket of this data folder."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as probe:
        probe.settimeout(TIMEOUT_S)
        return probe.connect_ex(str(paths.socket("supervisor"))) == 0


def process_states(paths: Paths) -> list[ProcessState]:
    """Every program, or a LauncherError when no portal runs."""
    rows = cast("list[dict[str, Any]]", _call(paths, "supervisor.getAllProcessInfo"))
    return [
        ProcessState(row["name"], row["statename"], row["pid"], row["description"]) for row in rows
    ]


def start_program(paths: Paths, name: str) -> None:
    """Start a program that does not run; returns once supervisord counts it as started."""
    _call(paths, "supervisor.startProcess", name)


def signal_program(paths: Paths, name: str, signal_name: str) -> None:
    """Send a program a signal; one that is to run comes back by itself after its end."""
    _call(paths, "supervisor.signalProcess", name, signal_name)


def stop(paths: Paths) -> None:
    """End the whole portal and wait until it is gone."""
    _call(paths, "supervisor.shutdown")
    deadline = time.monotonic() + STOP_WITHIN_S
    while is_running(paths):
        if time.monotonic() > deadline:
            raise LauncherError("The portal has not ended yet; `make status` shows what is left.")
        time.sleep(0.1)


def restart(paths: Paths, program: str) -> None:
    """End one program and start it again; returns once it counts as started."""
    _call(paths, "supervisor.stopProcess", program)
    _call(paths, "supervisor.startProcess", program)


def status_table(states: Iterable[ProcessState]) -> str:
    """The states as aligned lines for a terminal."""
    return "\n".join(f"{one.name:<14} {one.state:<10} {one.description}" for one in states)


def _call(paths: Paths, method: str, *arguments: object) -> object:
    transport = _UnixTransport(str(paths.socket("supervisor")))
    try:
        with xmlrpc.client.ServerProxy("http://localhost", transport=transport) as server:
            return getattr(server, method)(*arguments)
    except (OSError, http.client.HTTPException):
        raise LauncherError(
            f"No portal runs with {paths.data}; start it with `make run`."
        ) from None
    except xmlrpc.client.Fault as fault:
        raise LauncherError(f"supervisord refused: {fault.faultString}.") from None
