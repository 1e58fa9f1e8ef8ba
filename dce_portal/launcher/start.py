"""The start: check, prepare what is missing, then become supervisord."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from dce_portal import authority
from dce_portal.authority.https import note_served
from dce_portal.configuration import Configuration, unknown_names
from dce_portal.launcher import preflight
from dce_portal.launcher.errors import LauncherError
from dce_portal.launcher.keys import make_keys
from dce_portal.launcher.output import step
from dce_portal.launcher.rendering import render_configuration
from dce_portal.launcher.workspace import Workspace
from dce_portal.paths import CHECKOUT

# Only the bootstrap needs it; the processes that run for months should not carry it.
FIRST_START_ONLY = ("DCE_ADMIN_PASSWORD", "DCE_ADMIN_PASSWORD_FILE")
# DCE_DATA is handed on resolved. Without byte code each process would compile half a million
# lines at every start.
REPLACED = ("DCE_DATA", "DCE_DATA_FILE", "PYTHONDONTWRITEBYTECODE")
# The registry takes each such name for a line of its configuration, and podman and skopeo have
# one of their own (REGISTRY_AUTH_FILE), with which it would not start.
REGISTRY_OVERRIDES = "REGISTRY_"


def run(configuration: Configuration, environ: Mapping[str, str]) -> None:
    """Start the portal in the foreground; returns only by an exception."""
    for name, meant in unknown_names(environ).items():
        step(f"Note: {name} is no setting of the portal; {meant} is.")
    workspace = prepare(configuration, environ)
    bootstrap(configuration, environ)
    render_configuration(configuration, workspace)
    step("Starting; Ctrl-C ends everything, the logs are in " + str(configuration.paths.logs))
    become_supervisord(configuration, environ)


def prepare(configuration: Configuration, environ: Mapping[str, str]) -> Workspace:
    """Check the machine, then make folders and keys."""
    os.umask(0o077)
    preflight.check(configuration)
    workspace = Workspace(configuration.paths)
    workspace.make()
    made = make_keys(configuration.paths.secrets)
    if made:
        step(f"Made the keys {', '.join(made)}")
    if renewed := authority.prepare(configuration):
        step(f"Made or renewed {', '.join(renewed)}")
    note_served(configuration)
    return workspace


def bootstrap(configuration: Configuration, environ: Mapping[str, str]) -> None:
    """Bring the database, the static files and the first administrator up to date."""
    command = [sys.executable, str(CHECKOUT / "manage.py"), "bootstrap"]
    child = _environment(configuration, environ)
    result = subprocess.run(command, cwd=CHECKOUT, env=child, check=False)
    if result.returncode != 0:
        raise LauncherError(
            "The database could not be brought up to date; the reason stands above."
            " Nothing was started."
        )


def become_supervisord(configuration: Configuration, environ: Mapping[str, str]) -> None:
    """Replace this process, so that Ctrl-C and TERM reach supervisord itself."""
    child = _environment(configuration, environ)
    for name in FIRST_START_ONLY:
        child.pop(name, None)
    announcer = [sys.executable, "-m", "dce_portal.launcher", "announce"]
    subprocess.Popen(announcer, cwd=CHECKOUT, env=child)
    os.chdir(CHECKOUT)
    supervisord = Path(sys.executable).with_name("supervisord")
    configuration_file = configuration.paths.config / "supervisord.conf"
    os.execve(  # noqa: S606 - our own interpreter, no shell
        sys.executable,
        [sys.executable, str(supervisord), "-n", "-c", str(configuration_file)],
        child,
    )


def _environment(configuration: Configuration, environ: Mapping[str, str]) -> dict[str, str]:
    """What the portal's processes inherit."""
    kept = {
        name: value
        for name, value in environ.items()
        if name not in REPLACED and not name.startswith(REGISTRY_OVERRIDES)
    }
    return {
        **kept,
        "DCE_DATA": str(configuration.data),
        # A shell may have another project's in its environment.
        "DJANGO_SETTINGS_MODULE": "dce_portal.settings.base",
        "PYTHONUNBUFFERED": "1",
    }
