"""Finding the programs that tests start."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping

# A person's PATH often lacks these, and servers lie there.
SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def find_program(*names: str) -> str | None:
    """Find the first of several programs that is installed."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS))
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


def missing_programs(packages: Mapping[str, str]) -> list[str]:
    """Name the programs that are missing, each with the Debian package to install."""
    return [
        f"{program} is missing: install the package {package}"
        for program, package in packages.items()
        if find_program(program) is None
    ]
