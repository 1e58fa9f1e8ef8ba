"""Where the portal keeps its files: one place, so that every process and the launcher agree."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
# Static files that were gathered when an image was built; a checkout has none.
GATHERED_STATIC = CHECKOUT / "static_collected"
# A unix socket's path may have 107 bytes; the longest name below is "supervisor.sock".
LONGEST_RUN_DIR_BYTES = 107 - len("/supervisor.sock") - 8
TEMPORARY_FOLDER = Path("/tmp")  # noqa: S108 - the launcher checks whose folder it is


@dataclass(frozen=True, slots=True)
class Paths:
    """The folders under ``DCE_DATA`` (the checkout's ``var/`` unless set)."""

    data: Path

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Paths:
        """Read ``DCE_DATA``; a relative value counts from the checkout."""
        return cls((CHECKOUT / (environ.get("DCE_DATA") or "var")).resolve())

    @property
    def run(self) -> Path:
        """The folder of sockets and pid files, with a name short and plain enough for them.

        Where the data folder's path is too long for a socket's address, or has characters
        that configuration files would have to quote, it is a private folder in the temporary
        one. TMPDIR plays no part, so that every shell finds the same.
        """
        real = str(self.data / "run")
        if len(os.fsencode(real)) <= LONGEST_RUN_DIR_BYTES and is_plain(real):
            return Path(real)
        digest = hashlib.sha256(os.fsencode(real)).hexdigest()[:12]
        return TEMPORARY_FOLDER / f"dce-{os.getuid()}-{digest}"

    def socket(self, name: str) -> Path:
        """The address of an internal server: web, stream, redis, registry or supervisor."""
        return self.run / f"{name}.sock"

    @property
    def read_only_file(self) -> Path:
        """While this file is there, nginx lets the registry be read and nothing more."""
        return self.run / "registry-read-only"

    @property
    def pull_guards(self) -> Path:
        """An empty file for each namespace whose pulls nginx asks the portal about."""
        return self.run / "pull-guards"

    @property
    def cache_marks(self) -> Path:
        """An empty file for each namespace whose missing manifests are fetched from upstream."""
        return self.run / "cache-marks"

    @property
    def secrets(self) -> Path:
        """Keys and generated passwords (folder 0700, files 0600)."""
        return self.data / "secrets"

    @property
    def static(self) -> Path:
        """What collectstatic gathers and nginx serves under /static/."""
        return GATHERED_STATIC if GATHERED_STATIC.is_dir() else self.data / "static"

    @property
    def logs(self) -> Path:
        """One log file a process, rotated by supervisord."""
        return self.data / "log"

    @property
    def config(self) -> Path:
        """Rendered configuration of nginx, supervisord, redis and the registry."""
        return self.data / "config"

    @property
    def registry_data(self) -> Path:
        """The embedded registry's storage."""
        return self.data / "registry"

    @property
    def admin_password(self) -> Path:
        """Where the first administrator's made password is kept."""
        return self.data / "admin-password"


def is_plain(text: str) -> bool:
    """Whether no configuration language would have to quote the text."""
    return all(
        (character.isalnum() and character.isascii()) or character in "/._-" for character in text
    )
