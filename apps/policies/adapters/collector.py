"""Runs the embedded registry's own collector, and restarts its process by supervisord."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

from apps.policies.ports import Say, Swept
from dce_portal.errors import Unavailable
from dce_portal.launcher import processes
from dce_portal.launcher.errors import LauncherError
from dce_portal.launcher.programs import SERVER_FOLDERS
from dce_portal.paths import CHECKOUT, Paths

PROGRAM: Final = "portal:registry"
GUARD: Final = CHECKOUT / "dce_portal" / "launcher" / "guard.py"
COLLECT_WITHIN_S: Final = 3 * 3600
ANSWERS_WITHIN_S: Final = 30.0
END_WITHIN_S: Final = 5.0
ELIGIBLE: Final = re.compile(r"blob eligible for deletion: (sha256:[0-9a-f]{64})")
COUNTED: Final = re.compile(r"(\d+) blobs marked, (\d+) blobs and (\d+) manifests eligible")
MARKED: Final = re.compile(r": marking manifest (sha256:[0-9a-f]{64})")
# Of a registry into which nothing was pushed yet there is no folder; then there is no garbage either.
NOTHING_PUSHED: Final = "Path not found: /docker/registry/v2/repositories"
KEPT_LINES: Final = 20


class RegistryCollector:
    """The CollectorPort on this machine."""

    def __init__(self, paths: Paths, *, configuration: Path | None = None) -> None:
        """`configuration` is the registry's; the one that the launcher wrote unless named."""
        self._paths = paths
        self._configuration = configuration or paths.config / "registry.yml"

    def version(self) -> str:
        """The number in what `docker-registry --version` says."""
        told = subprocess.run(
            [_program(), "--version"], capture_output=True, text=True, timeout=10, check=False
        )
        match = re.search(r"v?(\d+\.\d+\.\d+)", told.stdout)
        return match[1] if match else ""

    def sweep(self, *, is_dry_run: bool, say: Say) -> Swept:
        """Never with --delete-untagged: registry 2.8 would take images out of their indexes."""
        flags = ["--dry-run"] if is_dry_run else []
        command = [_program(), "garbage-collect", *flags, str(self._configuration)]
        reading = _Reading()
        with _running(self._guarded(command)) as process:
            for line in _lines(process):
                reading.take(line.rstrip(), say)
            status = process.wait(timeout=END_WITHIN_S)
        if status != 0 and NOTHING_PUSHED not in reading.last[-1]:
            raise Unavailable(
                _("The registry's collector ended with status %(status)s: %(last)s")
                % {"status": status, "last": " ".join(reading.last[-3:])}
            )
        return reading.swept()

    def _guarded(self, command: list[str]) -> list[str]:
        """It ends with this worker, and the next one ends what was left of it."""
        state = self._paths.run / "collector.guard"
        return [sys.executable, "-I", str(GUARD), str(state), "-", *command]

    def restart_registry(self) -> None:
        """End the registry's process and start it again; returns once it answers."""
        try:
            processes.restart(self._paths, PROGRAM)
        except LauncherError as error:
            raise Unavailable(str(error)) from error
        deadline = time.monotonic() + ANSWERS_WITHIN_S
        while not _listens(self._paths.socket("registry")):
            if time.monotonic() > deadline:
                raise Unavailable(_("The registry did not start again; look at its log."))
            time.sleep(0.1)

    def set_read_only(self, *, is_on: bool) -> None:
        """A file that nginx looks for."""
        if is_on:
            self._paths.read_only_file.touch(mode=0o644)
        else:
            self._paths.read_only_file.unlink(missing_ok=True)

    def is_read_only(self) -> bool:
        """Whether the file is there."""
        return self._paths.read_only_file.exists()


class _Reading:
    """What the collector's lines amount to."""

    def __init__(self) -> None:
        self.last: list[str] = [""]
        self._eligible: list[str] = []
        self._manifests: set[str] = set()
        self._kept = 0

    def take(self, line: str, say: Say) -> None:
        if match := ELIGIBLE.search(line):
            self._eligible.append(match[1])
        elif match := MARKED.search(line):
            self._manifests.add(match[1])
        elif match := COUNTED.search(line):
            self._kept = int(match[1])
        self.last = [*self.last, line][-KEPT_LINES:]
        say(line)

    def swept(self) -> Swept:
        return Swept(tuple(self._eligible), self._kept, len(self._manifests))


def _program() -> str:
    search = os.pathsep.join([os.environ.get("PATH", ""), *SERVER_FOLDERS])
    found = shutil.which("docker-registry", path=search)
    if found is None:
        raise Unavailable(_("There is no docker-registry on this machine."), permanent=True)
    return found


@contextmanager
def _running(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """The collector in a group of its own, ended for certain: when time is up, and when reading stops."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REGISTRY_")}
    process = subprocess.Popen(
        command,
        env=kept,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        process_group=0,
    )
    alarm = threading.Timer(COLLECT_WITHIN_S, _kill, [process])
    alarm.daemon = True
    alarm.start()
    try:
        yield process
    finally:
        alarm.cancel()
        _kill(process)
        process.wait(timeout=END_WITHIN_S)
        if process.stdout is not None:
            process.stdout.close()


def _lines(process: subprocess.Popen[str]) -> Iterator[str]:
    yield from process.stdout or ()


def _kill(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _listens(path: Path) -> bool:
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        probe.connect(str(path))
        return True
    return False
