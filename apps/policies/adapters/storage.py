"""Reads, and where nothing is left removes, the files of an embedded registry."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from apps.policies.ports import StoredManifest

DIGEST: Final = re.compile(r"sha256:([0-9a-f]{64})")
OWN_FOLDERS: Final = ("_layers", "_manifests", "_uploads")
# Younger uploads may be a push that is under way.
UPLOAD_LIVES_S: Final = 24 * 3600
LARGEST_MANIFEST: Final = 4 * 1024 * 1024


class RegistryStorage:
    """The StoragePort over the folder that the registry writes."""

    def __init__(self, root: Path) -> None:
        """`root` is the registry's rootdirectory."""
        self._base = root / "docker" / "registry" / "v2"

    def blob_bytes(self, digest: str) -> int | None:
        """How large a blob is on disk."""
        path = self._blob(digest)
        try:
            return path.stat().st_size if path else None
        except OSError:
            return None

    def total_bytes(self) -> int:
        """All blobs together."""
        return sum(
            entry.stat().st_size
            for entry in self._base.glob("blobs/sha256/*/*/data")
            if entry.is_file()
        )

    def empty_repositories(self) -> tuple[str, ...]:
        """Repositories that hold no manifest, and into which nothing is being pushed."""
        return tuple(
            sorted(
                name
                for name, folder in self._repositories()
                if not any(folder.glob("_manifests/revisions/*/*/link")) and not _is_busy(folder)
            )
        )

    def remove_repository(self, name: str) -> None:
        """Remove the folders that are the repository's own, then its parents as far as they are empty."""
        repositories = self._base / "repositories"
        folder = repositories / name
        for own in OWN_FOLDERS:
            shutil.rmtree(folder / own, ignore_errors=True)
        while folder != repositories and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent

    def manifests(self, repository: str) -> tuple[StoredManifest, ...]:
        """Every manifest of a repository, tagged or not."""
        folder = self._base / "repositories" / repository / "_manifests" / "revisions" / "sha256"
        return tuple(self._stored(link) for link in folder.glob("*/link"))

    def _stored(self, link: Path) -> StoredManifest:
        digest = f"sha256:{link.parent.name}"
        age_s = max(0.0, time.time() - link.stat().st_mtime)
        document = self._document(digest)
        named = (document.get("manifests") or []) if isinstance(document, dict) else []
        names = frozenset(str(entry.get("digest")) for entry in named if isinstance(entry, dict))
        subject = document.get("subject") or {}
        about = str(subject.get("digest", "")) if isinstance(subject, dict) else ""
        return StoredManifest(digest, age_s, names, about)

    def _document(self, digest: str) -> dict[str, Any]:
        path = self._blob(digest)
        try:
            if path is None or path.stat().st_size > LARGEST_MANIFEST:
                return {}
            document = json.loads(path.read_bytes())
        except (OSError, ValueError):
            return {}
        return document if isinstance(document, dict) else {}

    def _blob(self, digest: str) -> Path | None:
        match = DIGEST.fullmatch(digest)
        if match is None:
            return None
        return self._base / "blobs" / "sha256" / match[1][:2] / match[1] / "data"

    def _repositories(self) -> Iterator[tuple[str, Path]]:
        """Folders with a part of a repository's own in them; repositories may lie in one another."""
        root = self._base / "repositories"
        for folder, names, _files in os.walk(root):
            if any(own in names for own in OWN_FOLDERS):
                yield str(Path(folder).relative_to(root)), Path(folder)
            names[:] = [name for name in names if name not in OWN_FOLDERS]


def _is_busy(folder: Path) -> bool:
    now = time.time()
    uploads = folder / "_uploads"
    entries = uploads.iterdir() if uploads.is_dir() else ()
    return any(now - entry.stat().st_mtime < UPLOAD_LIVES_S for entry in entries)
