"""What an agent answers, as the wire has it, with plain values where a test does not care."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from apps.nodes.adapters.agent.agent_json import COLUMNS

NODE = {
    "hostname": "node-1",
    "kernel": "6.12.0",
    "cpus": 4,
    "cgroup_version": 2,
    "agent_version": "0.1.0",
    "lets_consoles_through": False,
    "swarm_certificate_not_after_unix_s": 1_900_000_000,
}
INFO = {
    "ID": "ENGINE-1",
    "Name": "node-1",
    "ServerVersion": "28.0.1",
    "ApiVersion": "1.48",
    "OSType": "linux",
    "Architecture": "x86_64",
    "NCPU": 4,
    "MemTotal": 2**33,
    "Labels": [],
    "Swarm": {"LocalNodeState": "inactive"},
}
ENGINE = {"answers": True, "reason": "", "since_unix_ms": 1_790_000_000_000, "info": INFO}
HOST = {
    "cpu_idle_ratio": 0.5,
    "cpu_iowait_ratio": 0.0,
    "memory_total_bytes": 1000,
    "memory_available_bytes": 400,
}


def container_entry(native_id: str = "c1", **values: Any) -> dict[str, Any]:
    known = {
        "Id": native_id,
        "Names": [f"/name-{native_id}"],
        "Image": "app",
        "Created": 1_790_000_000,
        "State": "running",
        "Status": "Up 5 minutes",
        "Labels": {},
    }
    return known | values


def lists(*containers: Mapping[str, Any], number: int = 0) -> dict[str, Any]:
    return {"number": number, "containers": list(containers), "images": []}


def table(name: str, ticks: int, things: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Each thing has the same figures at every tick."""
    rows = [(tick, number) for tick in range(ticks) for number in range(len(things))]
    figures = list(things.values())
    return {
        "keys": list(things),
        "tick": [tick for tick, _number in rows],
        "key": [number for _tick, number in rows],
        "columns": {
            column: [figures[number].get(column) for _tick, number in rows]
            for column in COLUMNS[name]
        },
    }


def agent_answer(
    *,
    at_unix_ms: Sequence[int] = (),
    containers: Mapping[str, Mapping[str, Any]] | None = None,
    host: Mapping[str, Any] | None = None,
    now_unix_ms: int | None = None,
    **values: Any,
) -> dict[str, Any]:
    """An answer with the same figures at each of its ticks."""
    count = len(at_unix_ms)
    gaps = [later - sooner for sooner, later in pairwise(at_unix_ms)]
    tables = {name: table(name, count, {}) for name in COLUMNS}
    tables["host"] = table("host", count, {"": HOST | dict(host or {})})
    tables["containers"] = table("containers", count, containers or {})
    known: dict[str, Any] = {
        "version": 1,
        "cursor": "boot:7",
        "reset": False,
        "more": False,
        "now_unix_ms": int(time.time() * 1000) if now_unix_ms is None else now_unix_ms,
        "interval_s": 5.0,
        "node": NODE,
        "engine": ENGINE,
        "ticks": {"at_unix_ms": list(at_unix_ms), "interval_ms": [None, *gaps][:count]},
        "tables": tables,
        "changes": [],
    }
    return known | values
