"""Debian's slim base image, made with debootstrap where no registry can be reached.

It has this machine's certificate authorities, so that a build behind a proxy with one of
its own trusts it too, and the package sources that this machine's apt uses.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.programs import find_program

from .apt_sources import Source, debian_sources, machine_sources, sources_list
from .cache import cache_folder, locked, made_whole
from .host import LabError, run

BASE_IMAGE = "debian:bookworm-slim"
RELEASE = "bookworm"
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# What Debian's own slim image lacks, too.
LEFT_OUT = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "var/cache/apt")
LOCK = "base"


def import_base(docker_host: str) -> None:
    """Put the base image on an engine that lacks it."""
    docker = (find_program("docker") or "docker", "--host", docker_host)
    known = subprocess.run((*docker, "image", "inspect", BASE_IMAGE), capture_output=True)
    if known.returncode:
        run(*docker, "import", str(base_archive()), BASE_IMAGE)


def base_archive() -> Path:
    """The base's root as a tar file, made when it is asked for the first time."""
    sources = debian_sources(RELEASE, machine_sources())
    path = cache_folder() / f"base-{RELEASE}-{_digest(sources)}.tar"
    with locked(LOCK):
        if not path.exists():
            _make(path, sources)
    return path


def _digest(sources: Sequence[Source]) -> str:
    recipe = sources_list(sources).encode() + AUTHORITIES.read_bytes() + "".join(LEFT_OUT).encode()
    return hashlib.sha256(recipe).hexdigest()[:12]


def _make(path: Path, sources: Sequence[Source]) -> None:
    root = cache_folder() / "base-root"
    shutil.rmtree(root, ignore_errors=True)
    try:
        _bootstrap(root, sources[0])
        _dress(root, sources)
        with made_whole(path) as part:
            run("tar", "--directory", str(root), "--exclude=./dev/*", "-cf", str(part), ".")
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _bootstrap(root: Path, source: Source) -> None:
    program = find_program("debootstrap")
    if program is None:
        raise LabError("debootstrap is missing: install the package debootstrap.")
    keyring = (f"--keyring={KEYRING}",) if KEYRING.exists() else ()
    options = ("--variant=minbase", "--include=ca-certificates", *keyring)
    run(program, *options, source.suite, str(root), source.address)


def _dress(root: Path, sources: Sequence[Source]) -> None:
    (root / "etc/apt/sources.list").write_text(sources_list(sources))
    shutil.copyfile(AUTHORITIES, root / "etc/ssl/certs/ca-certificates.crt")
    for name in LEFT_OUT:
        shutil.rmtree(root / name, ignore_errors=True)
    # apt does not make it again, and fails without.
    (root / "var/cache/apt/archives/partial").mkdir(parents=True)
