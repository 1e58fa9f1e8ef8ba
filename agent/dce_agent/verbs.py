"""`dce_agent VERB`: what the agent's container does when it is told one word.

run, csr, install, join, replace, version, health; docs/agent.md describes each.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from . import __version__, pem
from .errors import AgentError
from .paths import State


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the verb says; 1 with a sentence when that is not possible."""
    chosen, further = _parser().parse_known_args(arguments)
    if further and chosen.act is not _join:
        sys.stderr.write(f"{chosen.verb} knows no {further[0]}: see docs/agent.md.\n")
        return 2
    chosen.further = further
    try:
        sys.stdout.write(chosen.act(chosen))
    except AgentError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dce_agent", description=__doc__, allow_abbrev=False)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, (act, text) in VERBS.items():
        verb = verbs.add_parser(name, help=text, allow_abbrev=False)
        verb.set_defaults(act=act)
        for argument, description in ARGUMENTS.get(name, {}).items():
            if argument.startswith("--"):
                verb.add_argument(argument, help=description, required=True)
            else:
                verb.add_argument(argument, help=description)
    return parser


def _run(_: argparse.Namespace) -> str:
    from . import launch

    launch.run(os.environ)
    return ""


def _csr(chosen: argparse.Namespace) -> str:
    from .keeper_store import KeeperStore

    return KeeperStore(State()).first_request(chosen.name)


def _install(_: argparse.Namespace) -> str:
    from .keeper_store import KeeperStore

    found = pem.certificates(sys.stdin.read(pem.LARGEST_BYTES + 1))
    if len(found) < 2:
        raise AgentError("Give the certificate, then the authorities; nothing was changed.")
    store = KeeperStore(State())
    store.install(found[0], "".join(found[1:]))
    return f"Installed the certificate of {store.installed().facts.name}.\n"


def _join(chosen: argparse.Namespace) -> str:
    from . import joining

    try:
        return joining.script(chosen.address, chosen.token, chosen.pin, chosen.further)
    except AgentError:
        sys.stdout.write(joining.FAILED_SCRIPT)
        raise


def _replace(chosen: argparse.Namespace) -> str:
    from . import replacing

    return replacing.replace(chosen.image)


def _version(_: argparse.Namespace) -> str:
    return f"{__version__}\n"


def _health(_: argparse.Namespace) -> str:
    from . import health

    return f"{health.check()}\n"


VERBS: dict[str, tuple[Callable[[argparse.Namespace], str], str]] = {
    "run": (_run, "run the agent"),
    "csr": (_csr, "print a request to sign the node's certificate"),
    "install": (_install, "take certificate and authorities from standard input"),
    "join": (_join, "print the script that joins this host"),
    "replace": (_replace, "put an agent of another image in place of the running one"),
    "version": (_version, "print the version"),
    "health": (_health, "say whether the agent is well"),
}
ARGUMENTS: dict[str, dict[str, str]] = {
    "csr": {"--name": "the server name that the controller has given to this node"},
    "replace": {"--image": "the reference of the image to run"},
    "join": {
        "address": "HOST:PORT of the controller",
        "token": "the join token",
        "pin": "sha256//… of the controller's key",
    },
}

if __name__ == "__main__":
    sys.exit(main())
