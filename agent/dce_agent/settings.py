"""What the agent is told on its command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

SCHEME = "unix://"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where to listen, and where the host is seen."""

    listen: str = "/run/dce-agent.sock"
    engine: str = "/var/run/docker.sock"
    proc: str = "/proc"
    sys: str = "/sys"
    root: str = "/"
    interval_s: float = 5.0


def parse(arguments: Sequence[str] | None = None) -> Settings:
    """Read the command line; a mistake in it ends the program with a sentence."""
    parser = argparse.ArgumentParser(
        prog="dce_agent",
        description="Sample this node.",
        argument_default=argparse.SUPPRESS,  # what is not said is left to Settings
    )
    add = parser.add_argument
    add("--listen", type=_socket, help="unix:///… to answer on")
    add("--engine", type=_socket, help="unix:///… of the engine")
    add("--proc", help="where the host's /proc is")
    add("--sys", help="where the host's /sys is")
    add("--root", help="where the host's / is, for its filesystems")
    add("--interval-s", type=_interval, help="seconds between samples")
    return Settings(**vars(parser.parse_args(arguments)))


def _socket(address: str) -> str:
    if not address.startswith(f"{SCHEME}/"):
        raise argparse.ArgumentTypeError(f"{address} is no address like unix:///run/name.sock")
    return address.removeprefix(SCHEME)


def _interval(text: str) -> float:
    value = float(text)
    if not 1 <= value <= 60:
        raise argparse.ArgumentTypeError("the interval lies between 1 and 60 seconds")
    return value
