"""``python -m dce_portal.launcher``: run, status, stop and prepare; or one process by its name."""

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
from dce_portal.launcher.programs import SPARE_REGISTRY

NOT_ALL_RUNNING = 1
NOT_HEALTHY = 1
# The names of dce_portal.launcher.alone, which is not loaded for the other commands.
PROCESSES = ("redis", "registry", "nginx", "web", "stream", "worker", "poll", "beat")


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
    return 0 if all(map(_is_well, states)) else NOT_ALL_RUNNING


def _is_well(process: processes.ProcessState) -> bool:
    """The spare registry runs only while the other one restarts."""
    return process.state == "RUNNING" or (
        process.name == SPARE_REGISTRY and process.state in {"STOPPED", "EXITED"}
    )


def stop(configuration: Configuration) -> int:
    """End a portal that runs in another terminal."""
    processes.stop(configuration.paths)
    step("The portal has ended")
    return 0


def bootstrap(configuration: Configuration) -> int:
    """Bring the database up to date without starting anything, before processes start alone."""
    from dce_portal.launcher import start

    prepare(configuration)
    start.bootstrap(configuration, os.environ)
    return 0


def health(configuration: Configuration) -> int:
    """Tell Docker whether the container is well."""
    from dce_portal.launcher.health import is_healthy

    return 0 if is_healthy(configuration) else NOT_HEALTHY


def run_alone(configuration: Configuration, *, name: str, listen: str | None) -> int:
    """Become one process."""
    from dce_portal.launcher import alone

    alone.run(configuration, os.environ, name=name, listen=listen)
    return 0


COMMANDS: dict[str, Callable[[Configuration], int]] = {
    "run": run,
    "status": status,
    "stop": stop,
    "prepare": prepare,
    "announce": announce,
    "bootstrap": bootstrap,
    "health": health,
}


def main(arguments: list[str]) -> int:
    """Carry out one command; a refusal is one sentence on standard error."""
    given = parse(arguments)
    try:
        configuration = settings.read(os.environ)
        if given.command in PROCESSES:
            return run_alone(configuration, name=given.command, listen=given.listen)
        return COMMANDS[given.command](configuration)
    except settings.ConfigurationError as error:
        refuse(str(error))
        return WRONG_CONFIGURATION
    except LauncherError as error:
        refuse(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        return 130


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m dce_portal.launcher", description=__doc__)
    parser.add_argument("command", choices=(*COMMANDS, *PROCESSES))
    parser.add_argument("--listen", help="HOST:PORT for web or stream alone, in place of a socket")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
