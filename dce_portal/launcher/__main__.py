"""``python -m dce_portal.launcher``: run, status, stop and prepare."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

from dce_portal import configuration as settings
from dce_portal.configuration import Configuration
from dce_portal.launcher import processes
from dce_portal.launcher.errors import WRONG_CONFIGURATION, LauncherError
from dce_portal.launcher.output import refuse, say, step

NOT_ALL_RUNNING = 1


def run(configuration: Configuration) -> int:
    """Start everything and stay in the foreground."""
    from dce_portal.launcher import start

    start.run(configuration, os.environ)
    return 0


def prepare(configuration: Configuration) -> int:
    """Make folders and keys without starting anything, for management commands."""
    from dce_portal import authority
    from dce_portal.launcher.keys import make_keys
    from dce_portal.launcher.workspace import Workspace

    os.umask(0o077)
    Workspace(configuration.paths).make()
    made = make_keys(configuration.paths.secrets) + authority.prepare(configuration)
    step(f"Made the keys {', '.join(made)}" if made else "All keys are there")
    return 0


def announce(configuration: Configuration) -> int:
    """Wait until pages are served, then say where."""
    from dce_portal.launcher.announce import announce as wait_and_say

    wait_and_say(configuration)
    return 0


def status(configuration: Configuration) -> int:
    """Show every process and its state."""
    states = processes.process_states(configuration.paths)
    say(processes.status_table(states))
    return 0 if all(one.state == "RUNNING" for one in states) else NOT_ALL_RUNNING


def stop(configuration: Configuration) -> int:
    """End a portal that runs in another terminal."""
    processes.stop(configuration.paths)
    step("The portal has ended")
    return 0


COMMANDS: dict[str, Callable[[Configuration], int]] = {
    "run": run,
    "status": status,
    "stop": stop,
    "prepare": prepare,
    "announce": announce,
}


def main(arguments: list[str]) -> int:
    """Carry out one command; a refusal is one sentence on standard error."""
    parser = argparse.ArgumentParser(prog="python -m dce_portal.launcher", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    command = COMMANDS[parser.parse_args(arguments).command]
    try:
        return command(settings.read(os.environ))
    except settings.ConfigurationError as error:
        refuse(str(error))
        return WRONG_CONFIGURATION
    except LauncherError as error:
        refuse(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
