"""The host names that the portal answers to."""

from __future__ import annotations

from collections.abc import Sequence

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def allowed_hosts_of(names: Sequence[str], *, bind: Sequence[str]) -> list[str]:
    """The names that people may use, and those by which this machine asks itself.

    The registry sends its events, and the probes ask, by an address of this machine: refusing
    those would lose pushes without a word.
    """
    own = (f"[{address}]" if ":" in address else address for address in bind)
    return list(dict.fromkeys([*names, *LOOPBACK, *own]))
