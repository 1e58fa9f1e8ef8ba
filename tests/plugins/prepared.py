"""What a portal makes at its first start and what is the same each time, made once for all test portals.

Migrations take ten seconds of a processor, and the tests start some twenty portals. What
the first start itself does is tested in tests/e2e/test_launcher.py, without this.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.lab.cache import cache_folder, keep_newest, locked, made_whole
from tests.lab.host import LabError

CHECKOUT = Path(__file__).resolve().parents[2]
# All that the database and the gathered files are made of.
SOURCES = (
    "apps",
    "dce_portal",
    "requirements",
    "static",
    "node_modules/uplot/dist",
    "node_modules/@xterm",
)
PARTS = ("portal.sqlite3", "static")
KEPT = 2
MAKE_TIMEOUT_S = 240
COMMANDS = (("-m", "dce_portal.launcher", "prepare"), ("manage.py", "bootstrap"))


def put_prepared(data: Path, environ: dict[str, str]) -> None:
    """Lay a migrated database with its administrator, and the static files, into a folder that is not there yet."""
    archive = cache_folder() / f"portal-{_digest()}.tar"
    with locked("portal"):
        if not archive.exists():
            with made_whole(archive) as part:
                _make(part, environ)
            keep_newest(cache_folder(), "portal-*.tar", count=KEPT)
        data.mkdir(mode=0o700)
        with tarfile.open(archive) as tar:
            tar.extractall(data, filter="data")


def _make(archive: Path, environ: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory(prefix="dce-prepared-") as folder:
        data = Path(folder) / "var"
        for command in COMMANDS:
            _run(command, {**environ, "DCE_DATA": str(data)})
        with tarfile.open(archive, "w") as tar:
            for part in PARTS:
                tar.add(data / part, part)


def _run(command: tuple[str, ...], environ: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=CHECKOUT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=MAKE_TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        raise LabError(f"No portal could be prepared: {done.stdout}{done.stderr}")


def _digest() -> str:
    """Names, sizes and times of every source file."""
    found = hashlib.sha256(str(CHECKOUT).encode())
    for file in _files():
        about = file.stat()
        found.update(f"{file}\0{about.st_size}\0{about.st_mtime_ns}\n".encode())
    return found.hexdigest()[:16]


def _files() -> Iterator[Path]:
    for source in SOURCES:
        for file in sorted((CHECKOUT / source).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                yield file
