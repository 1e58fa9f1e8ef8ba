"""The agent's image, built from its Dockerfile once for each state of its sources."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dce_agent import __version__
from tests.programs import find_program

from .build_engine import build_engine
from .cache import cache_folder, keep_newest, locked
from .host import run

CHECKOUT = Path(__file__).resolve().parents[2]
SOURCES = ("docker/agent", "agent/dce_agent")
DOCKERFILE = "docker/agent/Dockerfile"
NAME = "dce/agent"
KEPT_ARCHIVES = 8


@dataclass(frozen=True, slots=True)
class AgentImage:
    """A built image: its reference, and the archive that `docker load` takes."""

    reference: str
    archive: Path

    def load(self, docker_host: str) -> None:
        """Put it on an engine that lacks it."""
        docker = (find_program("docker") or "docker", "--host", docker_host)
        known = subprocess.run((*docker, "image", "inspect", self.reference), capture_output=True)
        if known.returncode:
            run(*docker, "load", f"--input={self.archive}")


def built_agent_image() -> AgentImage:
    """Build the image, or find the one that was built of the same sources before."""
    digest = _digest()
    # The digest is the tag, so that an engine never takes an older one for this.
    image = AgentImage(f"{NAME}:test-{digest}", cache_folder() / f"agent-{digest}.tar")
    with locked("agent-image"):
        if not image.archive.exists():
            _build(image)
            keep_newest(cache_folder(), "agent-*.tar", count=KEPT_ARCHIVES)
    return image


def _build(image: AgentImage) -> None:
    with tempfile.TemporaryDirectory(prefix="dce-context-") as folder, build_engine() as engine:
        context = Path(folder)
        for name in SOURCES:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(CHECKOUT / name, context / name, ignore=ignored)
        version = {"VERSION": __version__}
        dockerfile = context / DOCKERFILE
        engine.build(dockerfile, context=context, tag=image.reference, arguments=version)
        engine.save(image.reference, image.archive)


def _digest() -> str:
    digest = hashlib.sha256()
    for path in _files():
        digest.update(str(path.relative_to(CHECKOUT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def _files() -> Iterator[Path]:
    for name in SOURCES:
        found = (CHECKOUT / name).rglob("*")
        yield from sorted(p for p in found if p.is_file() and "__pycache__" not in p.parts)
