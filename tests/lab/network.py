"""The lab's network: a switch, one cable from it to this machine and one to each engine.

The switch has a namespace of its own, since a firewall on this machine (Docker's, for
one) would drop what passes between the engines over a bridge here.
"""

from __future__ import annotations

from pathlib import Path

from .host import HostProcess, LabError, run
from .naming import EngineName, Slot

NAMESPACES = Path("/run/netns")
BRIDGE = "bridge"


def is_taken(slot: Slot) -> bool:
    """Whether something that is not ours uses the slot's interface or addresses."""
    addresses = run("ip", "-4", "-o", "addr", "show", "to", slot.network)
    return bool(addresses.strip()) or Path("/sys/class/net", slot.link).exists()


def create(slot: Slot) -> None:
    """Lay the switch and the cable to this machine."""
    _add_namespace(slot.switch)
    _inside(slot.switch, "link", "add", BRIDGE, "type", "bridge")
    run(
        "ip", "link", "add", slot.link, "type", "veth", "peer", "name", "host", "netns", slot.switch
    )
    run("ip", "addr", "add", f"{slot.gateway}/24", "dev", slot.link)
    run("ip", "link", "set", slot.link, "up")
    _inside(slot.switch, "link", "set", "host", "master", BRIDGE, "up")
    _inside(slot.switch, "link", "set", BRIDGE, "up")


def attach(slot: Slot, engine: EngineName) -> None:
    """Give an engine its namespace and its cable to the switch; once is enough."""
    if (NAMESPACES / engine.namespace).exists():
        return
    _add_namespace(engine.namespace)
    peer = ("peer", "name", "eth0", "netns", engine.namespace)
    _inside(slot.switch, "link", "add", engine.port, "type", "veth", *peer)
    _inside(slot.switch, "link", "set", engine.port, "master", BRIDGE, "up")
    _inside(engine.namespace, "addr", "add", f"{engine.address}/24", "dev", "eth0")
    _inside(engine.namespace, "link", "set", "eth0", "up")


def set_connected(slot: Slot, engine: EngineName, *, connected: bool) -> None:
    """Pull an engine's cable out of the switch, or put it back."""
    _inside(slot.switch, "link", "set", engine.port, "up" if connected else "down")


def processes(namespace: str) -> list[HostProcess]:
    """Whatever still runs in a namespace."""
    if not (NAMESPACES / namespace).exists():
        return []
    try:
        pids = run("ip", "netns", "pids", namespace).split()
    except LabError:
        return []  # a name without its mount
    return [process for pid in pids if (process := HostProcess.of(int(pid)))]


def remove(namespaces: list[str], links: list[str]) -> None:
    """Take everything away that is still there; the cables go with their namespaces."""
    for link in links:
        if Path("/sys/class/net", link).exists():
            run("ip", "link", "delete", link)
    for namespace in namespaces:
        _remove_namespace(namespace)


def _remove_namespace(namespace: str) -> None:
    if not (NAMESPACES / namespace).exists():
        return
    try:
        run("ip", "netns", "delete", namespace)
    except LabError:
        # A run that died between the two steps of "add" leaves the name without its mount.
        (NAMESPACES / namespace).unlink(missing_ok=True)


def _add_namespace(name: str) -> None:
    run("ip", "netns", "add", name)
    _inside(name, "link", "set", "lo", "up")


def _inside(namespace: str, *command: str) -> None:
    run("ip", "-n", namespace, *command)
