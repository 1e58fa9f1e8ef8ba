"""What the lab does on this machine: run a program, wait for something, follow a process safely."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

POLL_INTERVAL_S = 0.05


class LabError(RuntimeError):
    """The lab could not do what was asked; the text says what and why."""


def run(*command: str) -> str:
    """Run a program to its end and return what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(
            f"`{' '.join(command)}` failed: {done.stderr.strip() or done.stdout.strip()}"
        )
    return done.stdout


def wait_until(condition: Callable[[], bool], *, what: str, timeout_s: float) -> None:
    """Return as soon as the condition holds; name what was awaited when it does not in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise LabError(f"Waited {timeout_s:g} s in vain for: {what}.")
        time.sleep(POLL_INTERVAL_S)


@dataclass(frozen=True, slots=True)
class HostProcess:
    """A process known by its number and start, so that a reused number is never mistaken for it."""

    pid: int
    start_ticks: int

    @classmethod
    def of(cls, pid: int) -> HostProcess | None:
        """Identify a running process; None when there is none of that number."""
        ticks = _start_ticks(pid)
        return None if ticks is None else cls(pid, ticks)

    @property
    def alive(self) -> bool:
        """Whether this very process still runs."""
        return _start_ticks(self.pid) == self.start_ticks

    def children(self) -> list[HostProcess]:
        """Its children, none once it has ended."""
        if not self.alive:
            return []
        try:
            text = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return []
        return [child for pid in text.split() if (child := HostProcess.of(int(pid)))]

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to this very process; one that has ended is left in peace."""
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        try:
            if self.alive:
                signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            pass
        finally:
            os.close(handle)

    def wait(self, *, timeout_s: float) -> bool:
        """Wait for its end, be it our child or not; False when it outlived the time."""
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return True
        try:
            ended = not self.alive or bool(select.select([handle], [], [], timeout_s)[0])
        finally:
            os.close(handle)
        if ended:
            self._reap()
        return ended

    def _reap(self) -> None:
        # One that another run started is not ours to reap.
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)


def spawn(command: Sequence[str], *, log: Path) -> HostProcess:
    """Start a program that outlives this process, its output appended to a file."""
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    pid = os.posix_spawnp(command[0], tuple(command), os.environ, file_actions=actions, setsid=True)
    started = HostProcess.of(pid)
    if started is None:
        raise LabError(f"`{command[0]}` ended at once: see {log}.")
    return started


def _start_ticks(pid: int) -> int | None:
    """Field 22 of stat, counted after the name, which may hold spaces; None for the dead."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])
