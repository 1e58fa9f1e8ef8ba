"""Starts one program so that neither a killed parent nor a killed master leaves strays behind.

``guard.py STATE AFTER PROGRAM ARGUMENT…`` ends what is left of the program's last life, asks the
kernel for a TERM when the parent dies, and becomes the program; AFTER is the socket of a web
server that may load first (or ``-``), so that a page is there before the rest competes for the
processor. A master that is killed outright
(nginx, granian, celery) leaves workers that hold its port or socket; they share its process
group, whose number, start time and boot the state file remembers, so that no other process is
ever taken for them. It runs on the standard library alone: it stands before every start.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

PR_SET_PDEATHSIG = 1
GONE_WITHIN_S = 5.0
WAIT_AT_MOST_S = 8.0
PROC = Path("/proc")


def main(arguments: list[str]) -> None:
    """End strays, remember this life, become the program."""
    state, after, command = Path(arguments[0]), arguments[1], arguments[2:]
    end_strays(state)
    # A socket that a killed server left is in the way of some servers (granian).
    state.with_suffix(".sock").unlink(missing_ok=True)
    remember(state)
    end_with_parent()
    if after != "-":
        wait_for_answer(after)
    os.execv(command[0], command)  # noqa: S606 - becoming the program is the point


def end_strays(state: Path) -> None:
    """Kill what is left of the process group that the state file remembers."""
    group = remembered_group(state)
    deadline = time.monotonic() + GONE_WITHIN_S
    while group and (strays := list(members(group))) and time.monotonic() < deadline:
        for pid in strays:
            _kill(pid)
        time.sleep(0.02)


def remembered_group(state: Path) -> int | None:
    """The group of the last life, unless its number may belong to somebody else by now."""
    try:
        pid_text, start, boot = state.read_text(encoding="ascii").split()
        group = int(pid_text)
    except (OSError, ValueError):
        return None
    leader = _stat(group)
    is_same_leader = leader is None or leader[1] == start
    return group if boot == _boot() and is_same_leader else None


def remember(state: Path) -> None:
    """Write this process's group, start time and boot."""
    own = _stat(os.getpid())
    if own is not None:
        state.write_text(f"{own[0]} {own[1]} {_boot()}\n", encoding="ascii")


def members(group: int) -> Iterator[int]:
    """The living processes of this user in the group, this one left out."""
    for entry in PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        stat = _stat(int(entry.name))
        if stat and stat[0] == group and _owner(entry) == os.getuid():
            yield int(entry.name)


def end_with_parent() -> None:
    """Have the kernel send TERM to this process when supervisord is gone."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def wait_for_answer(path: str) -> None:
    """Return once a server answers on the socket, or when waiting has been long enough."""
    deadline = time.monotonic() + WAIT_AT_MOST_S
    while not _answers(path) and time.monotonic() < deadline:
        time.sleep(0.1)


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.settimeout(WAIT_AT_MOST_S)
        try:
            link.connect(path)
            link.sendall(b"GET /livez HTTP/1.0\r\nHost: localhost\r\n\r\n")
            return link.recv(12).startswith(b"HTTP/")
        except OSError:
            return False


def _stat(pid: int) -> tuple[int, str] | None:
    """A living process's group and start time."""
    try:
        # The name in parentheses may hold spaces: count from behind it.
        fields = (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else (int(fields[2]), fields[19])


def _owner(entry: Path) -> int | None:
    try:
        return entry.stat().st_uid
    except OSError:
        return None


def _boot() -> str:
    return (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    main(sys.argv[1:])
