"""Counters of network interfaces, of the host and of containers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from .files import number, read
from .schema import NETWORK_FIGURES

# bytes, packets, errors and drops stand at the same place on both sides of net/dev.
COLUMNS = (0, 8, 1, 9, 2, 10, 3, 11)
NEVER_SHOWN = ("lo", "veth")
NEVER_UPLINKS = ("docker", "br-", "virbr", "vx", "ov-", "cni", "flannel", "dummy", "tun", "tap")

Interfaces = Mapping[str, Mapping[str, float]]


def interfaces(path: str) -> Interfaces | None:
    """Every interface of a ``net/dev`` file but the loopback and containers' cables.

    None where there is no such file, as when the process has ended.
    """
    text = read(path)
    return _parsed(text) if text else None


def _parsed(text: bytes) -> Interfaces:
    lines = text.splitlines()[2:]
    split = (line.decode(errors="replace").partition(":") for line in lines)
    named = ((name.strip(), numbers.split()) for name, _, numbers in split)
    return {name: _counters(words) for name, words in named if not name.startswith(NEVER_SHOWN)}


def summed(counters: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Sums over interfaces; nothing where there are none."""
    rows = list(counters)
    return {name: sum(row[name] for row in rows) for name in NETWORK_FIGURES} if rows else {}


def uplinks(found: Interfaces, *, sys_root: str) -> dict[str, float]:
    """What passed the host's border: its network cards, or whatever is no bridge or tunnel.

    Bonds, bridges and VLANs count the bytes of their cards once more, so cards alone are summed.
    """
    cards = [name for name in found if os.path.exists(f"{sys_root}/class/net/{name}/device")]
    names = cards or [name for name in found if not name.startswith(NEVER_UPLINKS)]
    total = summed(found[name] for name in names)
    return {f"uplink_{name}": total[name] for name in ("rx_bytes", "tx_bytes")} if total else {}


def _counters(words: list[str]) -> dict[str, float]:
    values = (number(words[i].encode()) for i in COLUMNS)
    return dict(zip(NETWORK_FIGURES, values, strict=True))
