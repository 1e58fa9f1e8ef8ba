"""Whether the portal reaches a host's ports before anything listens there: a refusal is a good answer."""

from __future__ import annotations

import errno
import socket
from concurrent.futures import ThreadPoolExecutor

from apps.nodes.joining.hosts import JoiningHost

PORTS = (12376, 2377, 7946)
WITHIN_S = 2.0
WORDS = {0: "answers", errno.ECONNREFUSED: "reached"}


def reachability(host: JoiningHost) -> dict[str, str]:
    """One word a TCP port: answers, reached, blocked; unchecked where the address is not the sender's own.

    Asking only the address that the request came from, this tells nobody anything of other machines.
    """
    if host.address != host.seen_at:
        return {_name(port): "unchecked" for port in PORTS}
    with ThreadPoolExecutor(len(PORTS)) as pool:
        words = pool.map(lambda port: _word(host.address, port), PORTS)
        return {_name(port): word for port, word in zip(PORTS, words, strict=True)}


def _name(port: int) -> str:
    return f"port_{port}"


def _word(address: str, port: int) -> str:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(WITHIN_S)
        return WORDS.get(probe.connect_ex((address, port)), "blocked")
