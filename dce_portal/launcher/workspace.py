"""The folders under ``DCE_DATA`` and names for them that no configuration language has to quote."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from dce_portal.launcher.errors import LauncherError
from dce_portal.paths import GATHERED_STATIC, Paths, is_plain

PRIVATE = 0o700


@dataclass(frozen=True, slots=True)
class Workspace:
    """Makes what the processes need on disk before they start."""

    paths: Paths

    def make(self) -> None:
        """Make every folder, private to this user."""
        paths = self.paths
        folders = (
            paths.data,
            paths.secrets,
            *(() if paths.static == GATHERED_STATIC else (paths.static,)),
            paths.logs,
            paths.config,
            paths.registry_data,
            self.redis_data,
        )
        for folder in folders:
            self._make_folder(folder)
        make_private_folder(paths.run)

    @property
    def redis_data(self) -> Path:
        """The embedded Redis' append-only files."""
        return self.paths.data / "redis"

    def plain(self, target: Path, *, name: str) -> str:
        """The path itself where it is plain, else a link to it in the run folder."""
        if is_plain(str(target)):
            return str(target)
        link = self.paths.run / name
        make_link(link, target=target)
        return str(link)

    def _make_folder(self, folder: Path) -> None:
        try:
            folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(self.paths.data, error) from None
        if not os.access(folder, os.W_OK | os.X_OK):
            raise _unwritable(folder, PermissionError(13, "Permission denied"))


def _unwritable(folder: Path, error: OSError) -> LauncherError:
    return LauncherError(
        f"The portal cannot write to {folder} ({error.strerror}); give this user the folder,"
        " or name another one in DCE_DATA."
    )


def make_private_folder(folder: Path) -> None:
    """Make a folder where others may write, too; refuse one that somebody else has put there."""
    try:
        folder.mkdir(mode=PRIVATE)
    except FileExistsError:
        found = folder.lstat()
        is_private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
        if found.st_uid != os.getuid() or not is_private:
            raise LauncherError(
                f"{folder} belongs to somebody else or is open to others; remove it, then start"
                " again."
            ) from None
    except OSError as error:
        raise _unwritable(folder.parent, error) from None


def make_link(link: Path, *, target: Path) -> None:
    """Make or renew a link in a folder of this user's own."""
    if link.is_symlink() and link.readlink() == target:
        return
    link.unlink(missing_ok=True)
    link.symlink_to(target)
