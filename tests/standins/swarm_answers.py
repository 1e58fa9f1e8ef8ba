"""What the stand-in manager answers, in the shapes of a real 1.2.9; pure."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tests.standins.managed_engine import ManagedEngine

VERSION = {
    "Platform": {"Name": "Docker Swarm - Community"},
    "Version": "swarm/1.2.9",
    "ApiVersion": "1.40",
    "GitCommit": "HEAD",
    "GoVersion": "go1.19.8",
    "Os": "linux",
    "Arch": "amd64",
    "KernelVersion": "6.1.0",
    "BuildTime": "<unknown>",
}
FILTERS = "health, port, containerslots, dependency, affinity, constraint, whitelist"
# Before 1.22 the same list has another name and other indents.
FIRST_SYSTEM_STATUS = (1, 22)
OVERCOMMIT = 1.05

NOTHING: dict[str, Any] = {
    "ID": "",
    "Driver": "",
    "DriverStatus": None,
    "Plugins": {"Volume": None, "Network": None, "Authorization": None, "Log": None},
    "KernelMemory": False,
    "KernelMemoryTCP": False,
    "PidsLimit": False,
    "Debug": False,
    "NFd": 0,
    "NGoroutines": 0,
    "NEventsListener": 0,
    "LoggingDriver": "",
    "CgroupDriver": "",
    "OSType": "",
    "IndexServerAddress": "",
    "RegistryConfig": None,
    "GenericResources": None,
    "DockerRootDir": "",
    "HttpProxy": "",
    "HttpsProxy": "",
    "NoProxy": "",
    "Labels": None,
    "ExperimentalBuild": False,
    "ClusterStore": "",
    "ClusterAdvertise": "",
    "Runtimes": None,
    "DefaultRuntime": "",
    "Swarm": {
        "NodeID": "",
        "NodeAddr": "",
        "LocalNodeState": "",
        "ControlAvailable": False,
        "Error": "",
        "RemoteManagers": None,
    },
    "LiveRestoreEnabled": False,
    "Isolation": "",
    "InitBinary": "",
    "ContainerdCommit": {"ID": "", "Expected": ""},
    "RuncCommit": {"ID": "", "Expected": ""},
    "InitCommit": {"ID": "", "Expected": ""},
    "SecurityOptions": None,
    "Warnings": None,
}
ALWAYS = (
    "MemoryLimit",
    "SwapLimit",
    "CpuCfsPeriod",
    "CpuCfsQuota",
    "CPUShares",
    "CPUSet",
    "IPv4Forwarding",
    "BridgeNfIptables",
    "BridgeNfIp6tables",
    "OomKillDisable",
)


def info(
    engines: Sequence[ManagedEngine], *, role: str, primary: str, version: tuple[int, int]
) -> dict[str, Any]:
    """`GET /info` asked in a version of the API."""
    healthy = [engine for engine in engines if engine.is_healthy]
    counts = [container["State"] for engine in healthy for container in engine.containers]
    lines = system_status(engines, role=role, primary=primary)
    answer: dict[str, Any] = {
        **NOTHING,
        **dict.fromkeys(ALWAYS, True),
        "Containers": len(counts),
        "ContainersRunning": counts.count("running"),
        "ContainersPaused": counts.count("paused"),
        "ContainersStopped": len(counts) - counts.count("running") - counts.count("paused"),
        "Images": sum(len(engine.images) for engine in healthy),
        "SystemStatus": lines,
        "SystemTime": datetime.now(UTC).isoformat(),
        "KernelVersion": "6.1.0",
        "OperatingSystem": "linux",
        "Architecture": "amd64",
        "NCPU": sum(cpus_of(engine) for engine in healthy),
        "MemTotal": sum(memory_of(engine) for engine in healthy),
        "Name": "manager",
        "ServerVersion": VERSION["Version"],
    }
    if version < FIRST_SYSTEM_STATUS:
        answer |= {"SystemStatus": None, "DriverStatus": before_1_22(lines)}
    return answer


def cpus_of(engine: ManagedEngine) -> int:
    """With a manager's addition of 5 %, as whole numbers are divided there."""
    cpus = int(engine.info.get("NCPU", 0))
    return cpus + cpus * 5 // 100


def memory_of(engine: ManagedEngine) -> int:
    """With a manager's addition of 5 %."""
    return int(engine.info.get("MemTotal", 0) * OVERCOMMIT)


def system_status(engines: Sequence[ManagedEngine], *, role: str, primary: str) -> list[list[str]]:
    """The status lines, in the order of the addresses."""
    lines = [["Role", role]]
    if role == "replica":
        lines.append(["Primary", primary])
    lines += [["Strategy", "spread"], ["Filters", FILTERS], ["Nodes", str(len(engines))]]
    for engine in engines:
        lines += node_lines(engine)
    return lines


def node_lines(engine: ManagedEngine) -> list[list[str]]:
    """One node: its name and address, then its fields."""
    labels = ", ".join(f"{name}={value}" for name, value in sorted(engine.labels.items()))
    identity = f"{engine.info['ID']}|{engine.address}" if engine.info else ""
    fields = {
        "ID": identity,
        "Status": engine.status,
        "Containers": _containers_line(engine),
        "Reserved CPUs": f"0 / {cpus_of(engine)}",
        "Reserved Memory": f"0 B / {gib(memory_of(engine))}",
        "Labels": labels if engine.info else "",
        **({"Error": engine.error} if engine.error else {}),
        "UpdatedAt": engine.updated_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "ServerVersion": str(engine.info.get("ServerVersion", "")),
    }
    return [[f" {engine.name}", engine.address]] + [
        [f"  └ {name}", value] for name, value in fields.items()
    ]


def _containers_line(engine: ManagedEngine) -> str:
    states = [container["State"] for container in engine.containers]
    if not engine.is_healthy:
        return str(len(states))
    running, paused = states.count("running"), states.count("paused")
    stopped = len(states) - running - paused
    return f"{len(states)} ({running} Running, {paused} Paused, {stopped} Stopped)"


def gib(size_bytes: int) -> str:
    """Four digits, as Go's units print them."""
    return f"{size_bytes / 2**30:.4g} GiB" if size_bytes else "0 B"


def before_1_22(lines: Sequence[Sequence[str]]) -> list[list[str]]:
    """The same list as older clients get it."""
    return [[key[1:] if key.startswith(" ") else f"\b{key}", value] for key, value in lines]


def containers(
    engines: Sequence[ManagedEngine], *, everything: bool, nodes: Sequence[str]
) -> list[dict[str, Any]]:
    """`GET /containers/json`: those of lost nodes only where all are asked for."""
    chosen = [
        engine
        for engine in engines
        if (engine.is_healthy or everything) and (not nodes or engine.name in nodes)
    ]
    return [
        _container(engine, container)
        for engine in chosen
        for container in engine.containers
        if everything or container["State"] == "running"
    ]


def _container(engine: ManagedEngine, raw: dict[str, Any]) -> dict[str, Any]:
    container = copy.deepcopy(raw)
    container["Names"] = [f"/{engine.name}{name}" for name in container["Names"]]
    if not engine.is_healthy:
        container["Status"] = "Host Down"
    return container


def images(engines: Sequence[ManagedEngine], *, nodes: Sequence[str]) -> list[dict[str, Any]]:
    """`GET /images/json`: one row an image, whichever nodes have it."""
    found: dict[str, dict[str, Any]] = {}
    for engine in engines:
        if not nodes or engine.name in nodes:
            found.update({image["Id"]: image for image in engine.images})
    return list(found.values())


def nodes_filter(text: str) -> list[str]:
    """The names in `filters={"node":["…"]}`, in either of its two forms."""
    wanted = json.loads(text or "{}").get("node", [])
    return list(wanted)


def event(engine: ManagedEngine, raw: dict[str, Any]) -> dict[str, Any]:
    """An engine's event as a manager passes it on."""
    address, name = engine.address, engine.name
    ip = address.rpartition(":")[0]
    about = {"node.name": name, "node.id": engine.info["ID"], "node.addr": address, "node.ip": ip}
    actor = raw.get("Actor") or {}
    attributes = {**(actor.get("Attributes") or {}), **about}
    return {
        **raw,
        "from": f"{raw.get('from', '')} node:{name}",
        "Actor": {**actor, "Attributes": attributes},
        "node": {"Name": name, "Id": engine.info["ID"], "Addr": address, "Ip": ip},
    }
