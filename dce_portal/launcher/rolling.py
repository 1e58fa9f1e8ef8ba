"""Restarts the embedded registry so that no request finds it away: a spare one answers meanwhile.

The registry reads what it trusts once, when it starts. Two of them share storage and upload key; nginx
asks the spare where the first one's socket is gone. Asked to end, a registry finishes what it began.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import closing

from dce_portal.launcher import processes
from dce_portal.launcher.errors import LauncherError
from dce_portal.launcher.programs import PORTAL_GROUP, SPARE_REGISTRY
from dce_portal.paths import Paths

REGISTRY = "registry"
# As long as the slowest pull is waited for: the registry's own draintimeout, and a little.
END_WITHIN_S = 16 * 60.0
ANSWER_WITHIN_S = 30.0
PAUSE_S = 0.1


def roll_registry(paths: Paths) -> None:
    """Have the registry read its configuration and keys anew; LauncherError where it does not come back.

    Whatever happens, the registry is either running or being started by supervisord afterwards.
    """
    _await(lambda: _pid(paths, SPARE_REGISTRY) == 0, "the spare registry's end", END_WITHIN_S)
    processes.start_program(paths, _whole(SPARE_REGISTRY))
    try:
        _await(lambda: _answers(paths, SPARE_REGISTRY), "the spare registry", ANSWER_WITHIN_S)
        before = _pid(paths, REGISTRY)
        processes.signal_program(paths, _whole(REGISTRY), "TERM")
        _await(lambda: _pid(paths, REGISTRY) not in (0, before), "the registry's end", END_WITHIN_S)
        _await(lambda: _answers(paths, REGISTRY), "the registry", ANSWER_WITHIN_S)
    finally:
        if _pid(paths, SPARE_REGISTRY):
            processes.signal_program(paths, _whole(SPARE_REGISTRY), "TERM")


def _whole(name: str) -> str:
    return f"{PORTAL_GROUP}:{name}"


def _pid(paths: Paths, name: str) -> int:
    """The program's process; 0 while it does not run."""
    states = {one.name: one for one in processes.process_states(paths)}
    return states[name].pid if name in states else 0


def _answers(paths: Paths, name: str) -> bool:
    """Whether it takes connections on its socket."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as probe:
        probe.settimeout(PAUSE_S)
        return probe.connect_ex(str(paths.socket(name))) == 0


def _await(is_so: Callable[[], bool], what: str, within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > deadline:
            raise LauncherError(f"Waited {within_s:.0f} seconds in vain for {what}.")
        time.sleep(PAUSE_S)
