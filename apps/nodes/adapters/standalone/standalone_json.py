"""What a standalone Swarm's manager says in `/info`, in every shape since 1.0, as the port's dataclasses; pure.

The status is a list of pairs: a node's name stands behind one space, its fields behind two and a corner.
Asked in an API before 1.22 the same list comes as DriverStatus, one space shorter and with `\\b` before
the Swarm's own lines. Two nodes may bear one name: only their order and their address tell them apart.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from apps.nodes.adapters.engine.engine_json import require_object
from apps.nodes.adapters.json_facts import Facts, cleaned
from apps.nodes.ports import NodeInfo
from dce_portal.errors import Unavailable

CORNER = "└ "
UNNAMED = "(unknown)"
NO_ERROR = frozenset({"", "(none)"})
STATES = {
    "healthy": "ready",
    "pending": "pending",
    "unhealthy": "unhealthy",
    "disconnected": "disconnected",
}
# A manager counts 5 % more than there is, unless told otherwise (swarm.overcommit).
OVERCOMMIT = 1.05
BEFORE_LABEL = re.compile(r", (?=[^\s,=]+=)")
SIZE = re.compile(r"([\d.]{1,12}) ?([KMGTP]?)i?B", re.IGNORECASE)
UNITS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5}

Line = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ListedNode:
    """A node as listed, the name by which its containers are called, and its engine's id where told."""

    info: NodeInfo
    name: str
    engine_id: str
    listed_size: tuple[str, str]
    """CPUs and memory as listed, which tells when a node was exchanged."""


@dataclass(frozen=True, slots=True)
class SwarmInfo:
    """One manager's `/info`."""

    role: str
    primary: str
    strategy: str
    filters: str
    version: str
    nodes: tuple[ListedNode, ...]


def swarm_info_of(raw: object) -> SwarmInfo:
    """`GET /info`; Unavailable when what answers is no standalone Swarm's manager."""
    info = require_object(raw, what="/info")
    lines = _lines(info)
    own = {key: value for key, value in lines if not key.startswith(" ")}
    if "Nodes" not in own:
        raise Unavailable(
            _("What answers there is a single engine, not a standalone Swarm's manager.")
        )
    return SwarmInfo(
        role=own.get("Role", "primary"),
        primary=own.get("Primary", ""),
        strategy=own.get("Strategy", ""),
        filters=own.get("Filters", ""),
        version=info.text("ServerVersion", most=64),
        nodes=tuple(_node(header, fields) for header, fields in _blocks(lines)),
    )


def _lines(info: Facts) -> list[Line]:
    """The status with the newer form's indents, whichever form it came in."""
    lines = _pairs(info.raw.get("SystemStatus")) or _pairs(info.raw.get("DriverStatus"))
    if not any(key.startswith("\b") for key, _value in lines):
        return lines
    return [(key[1:] if key.startswith("\b") else f" {key}", value) for key, value in lines if key]


def _pairs(raw: object) -> list[Line]:
    rows = raw if isinstance(raw, list) else []
    return [
        (cleaned(row[0], most=500), cleaned(row[1], most=10_000))
        for row in rows
        if isinstance(row, list) and len(row) == 2 and all(isinstance(one, str) for one in row)
    ]


def _blocks(lines: list[Line]) -> Iterator[tuple[Line, dict[str, str]]]:
    """Each node's own line with its fields."""
    header: Line | None = None
    fields: dict[str, str] = {}
    for key, value in lines:
        is_field = CORNER in key
        if is_field:
            fields[key.partition(CORNER)[2].strip()] = value
            continue
        if header is not None:
            yield header, fields
        header, fields = ((key, value) if key.startswith(" ") else None), {}
    if header is not None:
        yield header, fields


def _node(header: Line, fields: dict[str, str]) -> ListedNode:
    name, address = header[0].strip(), header[1].strip()
    labels = labels_of(fields.get("Labels", ""))
    cpu_text, memory_text = _total(fields, "Reserved CPUs"), _total(fields, "Reserved Memory")
    info = NodeInfo(
        native_id=address[:128],
        hostname=(address if name == UNNAMED else name)[:253],
        role="worker",
        availability="active",
        state=STATES.get(fields.get("Status", "").lower(), "unknown"),
        status_message=_message(fields),
        address=address[:253],
        reachability="",
        is_leader=False,
        engine_version=fields.get("ServerVersion", "")[:64],
        os=labels.get("ostype", "")[:64],
        architecture="",
        cpu_count=_real_cpus(cpu_text),
        memory_bytes=_real_memory_bytes(memory_text),
        labels={},
        engine_labels=labels,
        version_index=0,
    )
    engine_id = fields.get("ID", "").partition("|")[0]
    return ListedNode(info, name, engine_id, (cpu_text, memory_text))


def _message(fields: dict[str, str]) -> str:
    """Why a node is not healthy, and when its manager last knew better."""
    error, seen = fields.get("Error", ""), fields.get("UpdatedAt", "")
    status = fields.get("Status", "").lower()
    if status == "healthy" or error in NO_ERROR:
        return "" if status == "healthy" or not seen else _("last heard of %(at)s") % {"at": seen}
    return _("%(error)s (last heard of %(at)s)") % {"error": error, "at": seen} if seen else error


def labels_of(text: str) -> dict[str, str]:
    """Labels on one line; a comma inside a value is no border, one before the next `name=` is."""
    lines = BEFORE_LABEL.split(text) if text else []
    return dict(sorted(line.partition("=")[::2] for line in lines))


def _total(fields: dict[str, str], name: str) -> str:
    """The second half of `used / total`."""
    return fields.get(name, "").partition("/")[2].strip()


def _real_cpus(text: str) -> float:
    """The least number of CPUs that the manager's addition makes the listed one of."""
    listed = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
    return float(math.ceil(listed / OVERCOMMIT))


def _real_memory_bytes(text: str) -> int:
    found = SIZE.fullmatch(text)
    if not found or found[1].count(".") > 1:
        return 0
    listed = float(found[1].strip(".") or 0) * 1024 ** UNITS[found[2].upper()]
    return min(int(listed / OVERCOMMIT), 2**62)


def with_real_size(node: ListedNode, size: tuple[float, int] | None) -> ListedNode:
    """The node with what its engine really has, where a container's inspection has told."""
    if size is None:
        return node
    return replace(node, info=replace(node.info, cpu_count=size[0], memory_bytes=size[1]))


def size_of(raw: object) -> tuple[str, tuple[float, int]]:
    """The node that `GET /containers/ID/json` tells of: its address, its CPUs and memory without addition."""
    node = require_object(raw, what="/containers/…/json").part("Node")
    return node.text("Addr"), (float(node.whole("Cpus")), node.whole("Memory"))
