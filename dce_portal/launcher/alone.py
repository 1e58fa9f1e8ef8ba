"""Runs one of the portal's processes by itself, for containers that hold one process each.

It is the same command that supervisord would start. Processes on one machine meet on the unix
sockets of their common data folder; `web` and `stream` can listen on TCP instead.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping

from dce_portal.configuration import Configuration
from dce_portal.launcher import start
from dce_portal.launcher.errors import LauncherError
from dce_portal.launcher.keys import make_keys
from dce_portal.launcher.programs import all_programs
from dce_portal.launcher.rendering import layout_of, render_configuration
from dce_portal.launcher.workspace import Workspace
from dce_portal.paths import CHECKOUT

MAY_LISTEN = ("web", "stream")


def run(
    configuration: Configuration, environ: Mapping[str, str], *, name: str, listen: str | None
) -> None:
    """Become the process; returns only by an exception."""
    os.umask(0o077)
    workspace = prepare(configuration)
    command = command_of(configuration, workspace, name=name, listen=listen)
    os.chdir(CHECKOUT)
    child = start.environment_of_children(configuration, environ)
    os.execve(command[0], command, child)  # noqa: S606 - our own program, no shell


def prepare(configuration: Configuration) -> Workspace:
    """Make folders, keys and the servers' configuration where they are missing."""
    workspace = Workspace(configuration.paths)
    workspace.make()
    make_keys(configuration.paths.secrets)
    render_configuration(configuration, workspace)
    return workspace


def command_of(
    configuration: Configuration, workspace: Workspace, *, name: str, listen: str | None
) -> list[str]:
    """The command of one process, with its socket swapped for a TCP address where one is given."""
    programs = {item.name: item for item in all_programs(configuration, layout_of(workspace))}
    if name not in programs:
        raise LauncherError(f"{name} does not run here, since the settings name one elsewhere.")
    command = shlex.split(programs[name].command)
    return command if listen is None else listening_on(command, name=name, listen=listen)


def listening_on(command: list[str], *, name: str, listen: str) -> list[str]:
    """The command with a TCP address in place of its unix socket."""
    host, _colon, port = listen.rpartition(":")
    if name not in MAY_LISTEN or not host or not port.isdigit():
        raise LauncherError(
            "--listen takes HOST:PORT, and only of " + " and ".join(MAY_LISTEN) + "."
        )
    place = command.index("--uds")
    return [*command[:place], "--host", host.strip("[]"), "--port", port, *command[place + 2 :]]
