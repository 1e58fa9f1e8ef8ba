"""An engine for building images: outside the lab's namespaces, since a build fetches packages.

Its data stays between runs, so that a layer that has not changed is not made again.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.programs import find_program

from .api import EngineApi
from .base_image import import_base
from .cache import cache_folder, locked, made_whole
from .host import LabError, wait_until

START_TIMEOUT_S = 90
STOP_TIMEOUT_S = 30
BUILD_TIMEOUT_S = 900
SHOWN_CHARACTERS = 4000
LOCK = "build"
# An /etc/docker of its own: this machine's engine keeps its settings and its key there.
PREPARE = 'mount --bind "$1" /etc/docker; shift; exec "$@"'


@dataclass(frozen=True, slots=True)
class BuildEngine:
    """A running engine that reaches what this machine reaches, and has the base image."""

    url: str

    def build(
        self,
        dockerfile: Path,
        *,
        context: Path,
        tag: str,
        arguments: Mapping[str, str] | None = None,
    ) -> None:
        """Build an image; a step that fails is told with its last lines."""
        given = [f"--build-arg={name}={value}" for name, value in (arguments or {}).items()]
        options = ("--network=host", f"--file={dockerfile}", f"--tag={tag}", *given)
        self._docker("build", *options, str(context))

    def save(self, tag: str, path: Path) -> None:
        """Write the image as the archive that `docker load` takes."""
        with made_whole(path) as part:
            self._docker("save", f"--output={part}", tag)

    def _docker(self, *arguments: str) -> None:
        # The builder inside the engine: BuildKit would need a frontend image for some files.
        program = find_program("docker") or "docker"
        done = subprocess.run(
            (program, "--host", self.url, *arguments),
            env={**os.environ, "DOCKER_BUILDKIT": "0"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=BUILD_TIMEOUT_S,
        )
        if done.returncode:
            last = done.stdout[-SHOWN_CHARACTERS:]
            raise LabError(f"`docker {arguments[0]}` failed:\n{last}")


@contextmanager
def build_engine() -> Iterator[BuildEngine]:
    """Start it for the block; a second run waits until the first has built."""
    with locked(LOCK), tempfile.TemporaryDirectory(prefix="dce-build-") as folder:
        run_folder = Path(folder)
        with (run_folder / "log").open("wb") as log:
            # setpriv ends the engine with its parent, should pytest be killed.
            command = ("setpriv", "--pdeathsig", "TERM", *_command(run_folder))
            process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        try:
            _wait_ready(process, run_folder)
            engine = BuildEngine(f"unix://{run_folder / 'docker.sock'}")
            import_base(engine.url)
            yield engine
        finally:
            _end(process)


def _command(folder: Path) -> tuple[str, ...]:
    etc, data = folder / "etc", cache_folder() / "build-engine"
    for made in (etc, data, Path("/etc/docker")):
        made.mkdir(mode=0o700, exist_ok=True)
    inside = ("unshare", "--mount", "--propagation", "private", "sh", "-ec", PREPARE, "sh")
    return (
        *(*inside, str(etc), find_program("dockerd") or "dockerd"),
        *(f"--host=unix://{folder / 'docker.sock'}", f"--pidfile={folder / 'pid'}"),
        *(f"--data-root={data}", f"--exec-root={folder / 'exec'}"),
        *("--bridge=none", "--iptables=false", "--ip6tables=false"),
        "--exec-opt=native.cgroupdriver=cgroupfs",
    )


def _wait_ready(process: subprocess.Popen[bytes], folder: Path) -> None:
    api = EngineApi(folder / "docker.sock")

    def answers() -> bool:
        if process.poll() is not None:
            words = (folder / "log").read_text(errors="replace")[-SHOWN_CHARACTERS:]
            raise LabError(f"The engine for builds ended while it started:\n{words}")
        return (folder / "docker.sock").exists() and api.answers()

    wait_until(answers, what="the engine for builds to answer", timeout_s=START_TIMEOUT_S)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
