"""Who an engine is, out of all that it says of itself: only what seldom changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .unix_http import EngineSilent

INFO_FIELDS = (
    *("ID", "Name", "ServerVersion", "OperatingSystem", "OSType", "Architecture"),
    *("NCPU", "MemTotal", "Labels", "DockerRootDir"),
)
SWARM_FIELDS = (
    *("NodeID", "NodeAddr", "LocalNodeState", "ControlAvailable", "Error", "RemoteManagers"),
)


def info_facts(info: object, version: object) -> dict[str, Any]:
    """The facts that a reader needs, under the engine's own names; `ApiVersion` is from `/version`."""
    if not isinstance(info, dict) or not isinstance(version, dict):
        raise EngineSilent("What the engine says of itself cannot be read.")
    return {
        **{name: info.get(name) for name in INFO_FIELDS},
        "ApiVersion": version.get("ApiVersion"),
        "Swarm": _swarm_facts(info.get("Swarm")),
    }


def _swarm_facts(swarm: object) -> Mapping[str, Any]:
    if not isinstance(swarm, dict):
        return {}
    cluster = swarm.get("Cluster")
    cluster_id = cluster.get("ID") if isinstance(cluster, dict) else None
    return {**{name: swarm.get(name) for name in SWARM_FIELDS}, "Cluster": {"ID": cluster_id}}
