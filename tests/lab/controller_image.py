"""The controller's image, built from its Dockerfile once for each state of its sources."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .agent_image import AgentImage
from .base_image import AUTHORITIES, base_name, import_base
from .build_engine import build_engine
from .cache import cache_folder, keep_newest, locked, made_whole

CHECKOUT = Path(__file__).resolve().parents[2]
DOCKERFILE = "docker/controller/Dockerfile"
RELEASE = "trixie"
SOURCES = ("manage.py", "package.json", "package-lock.json", ".npmrc", "requirements")
SOURCES += ("dce_portal", "apps", "templates", "static", "locale", "docker/controller")
# Installed once by bin/setup; the build fetches them where they are missing.
FRONT_END = "node_modules/uplot/dist"
IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc", "*.mo")
NAME = "dce/controller"
KEPT_ARCHIVES = 3
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")


@dataclass(frozen=True, slots=True)
class ControllerImage:
    """A built image: its reference, and the archive that `docker load` takes."""

    reference: str
    archive: Path


def built_controller_image(agent: AgentImage) -> ControllerImage:
    """Build the image with an agent's in it, or find the one that was built of the same before."""
    digest = _digest(agent)
    image = ControllerImage(f"{NAME}:test-{digest}", cache_folder() / f"controller-{digest}.tar")
    with locked("controller-image"):
        if not image.archive.exists():
            _build(image, agent)
            keep_newest(cache_folder(), "controller-*.tar", count=KEPT_ARCHIVES)
    return image


def _build(image: ControllerImage, agent: AgentImage) -> None:
    with tempfile.TemporaryDirectory(prefix="dce-context-") as folder, build_engine() as engine:
        context = Path(folder)
        _fill(context, agent)
        import_base(engine.url, release=RELEASE)
        dockerfile = context / DOCKERFILE
        engine.build(dockerfile, context=context, tag=image.reference, arguments=_arguments())
        engine.save(image.reference, image.archive)


def _fill(context: Path, agent: AgentImage) -> None:
    for name in (*SOURCES, FRONT_END):
        source, target = CHECKOUT / name, context / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=IGNORED)
        elif source.exists():
            shutil.copyfile(source, target)
    with (
        made_whole(context / "agent-image.tar") as part,
        agent.archive.open("rb") as plain,
        gzip.open(part, "wb", compresslevel=4) as packed,
    ):
        shutil.copyfileobj(plain, packed)


def _arguments() -> dict[str, str]:
    """What this machine's own pip and npm are told; the base trusts the same authorities."""
    given = {name: os.environ[name] for name in PROXIES if name in os.environ}
    given |= {"PIP_CERT": str(AUTHORITIES), "NODE_EXTRA_CA_CERTS": str(AUTHORITIES)}
    index = os.environ.get("PIP_INDEX_URL") or _pip_setting("global.index-url")
    return {
        **given,
        "BASE": base_name(RELEASE),
        **({"PIP_INDEX_URL": index} if index.startswith("http") else {}),
    }


def _pip_setting(name: str) -> str:
    command = (sys.executable, "-m", "pip", "config", "get", name)
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def _digest(agent: AgentImage) -> str:
    digest = hashlib.sha256(agent.reference.encode())
    for path in _files():
        digest.update(str(path.relative_to(CHECKOUT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def _files() -> Iterator[Path]:
    for name in SOURCES:
        place = CHECKOUT / name
        found = sorted(place.rglob("*")) if place.is_dir() else [place]
        yield from (p for p in found if p.is_file() and p.suffix not in {".pyc", ".mo"})
