"""Ports for servers that tests start."""

from __future__ import annotations

import secrets
import socket

# Below what the kernel gives to connections (net.ipv4.ip_local_port_range): of those one that is
# free now may be some client's a moment later.
LOWEST, END = 20_000, 32_000
TRIES = 100


def free_port(*, count: int = 1) -> int:
    """The first of so many ports in a row that nobody has at this moment."""
    for _try in range(TRIES):
        port = LOWEST + secrets.randbelow(END - LOWEST - count)
        if all(_is_free(port + number) for number in range(count)):
            return port
    raise OSError(f"No free port from {LOWEST} to {END} in {TRIES} tries.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
