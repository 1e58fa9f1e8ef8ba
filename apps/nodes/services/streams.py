"""Opens what stays open: the port of a log or a console behind addresses."""

from __future__ import annotations

from apps.nodes import backends
from apps.nodes.ports.streams import Addresses, ConsolePort, LogsPort


def logs_at(addresses: Addresses, *, of_standalone: bool) -> LogsPort:
    """The logs there."""
    return backends.logs_port(addresses, of_standalone=of_standalone)


def consoles_at(addresses: Addresses, *, of_standalone: bool) -> ConsolePort:
    """The consoles there."""
    return backends.console_port(addresses, of_standalone=of_standalone)
