"""Whether a container of the controller image is well, for Docker's HEALTHCHECK."""

from __future__ import annotations

from pathlib import Path

from dce_portal.configuration import Configuration
from dce_portal.launcher.announce import answers
from dce_portal.launcher.rendering import local_origin

FIRST_PROCESS = Path("/proc/1/cmdline")
WHOLE_PORTAL = (b"supervisord", b"dce_portal.launcher")


def is_healthy(configuration: Configuration, *, first_process: Path = FIRST_PROCESS) -> bool:
    """Whether all parts answer; a process that is alone is well as long as it lives."""
    command = first_process.read_bytes()
    if not any(word in command for word in WHOLE_PORTAL):
        return True
    return answers(f"{local_origin(configuration)}/readyz")
