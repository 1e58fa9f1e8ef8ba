"""Which nodes a service's placement constraints and platforms allow, as the Swarm's scheduler reads them; pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

CONSTRAINT = re.compile(r"\s*(?P<key>[^=!]+?)\s*(?P<operator>==|!=)\s*(?P<value>.*?)\s*")
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
NODE_LABELS, ENGINE_LABELS = "node.labels.", "engine.labels."


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What constraints may ask of a node."""

    native_id: str
    hostname: str
    role: str
    address: str
    os: str
    architecture: str
    labels: Mapping[str, str]
    engine_labels: Mapping[str, str]


def unmet_constraint(constraints: Sequence[str], node: NodeFacts) -> str:
    """The first constraint that the node does not meet, as it is written; empty where it meets all."""
    return next((text for text in constraints if not meets(text, node)), "")


def meets(constraint: str, node: NodeFacts) -> bool:
    """One that cannot be read, or asks for something unknown, is met by no node."""
    match = CONSTRAINT.fullmatch(constraint)
    if match is None:
        return False
    wants_equal = match["operator"] == "=="
    if match["key"].lower() == "node.ip":
        return _is_within(node.address, match["value"]) is wants_equal
    value = _value(match["key"], node)
    return value is not None and (value.lower() == match["value"].lower()) is wants_equal


def runs_on(platforms: Sequence[str], node: NodeFacts) -> bool:
    """Whether the image has a form for the node; none named, or half of a name left out, fits everywhere."""
    return not platforms or any(_fits_platform(platform, node) for platform in platforms)


def _value(key: str, node: NodeFacts) -> str | None:
    """What the node has under the key; None for a key that the Swarm does not know."""
    lowered = key.lower()
    if lowered.startswith(NODE_LABELS):
        return node.labels.get(key[len(NODE_LABELS) :], "")
    if lowered.startswith(ENGINE_LABELS):
        return node.engine_labels.get(key[len(ENGINE_LABELS) :], "")
    return {
        "node.id": node.native_id,
        "node.hostname": node.hostname,
        "node.role": node.role,
        "node.platform.os": node.os,
        "node.platform.arch": node.architecture,
    }.get(lowered)


def _is_within(address: str, wanted: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


def _fits_platform(platform: str, node: NodeFacts) -> bool:
    os, _slash, architecture = platform.partition("/")
    return os.lower() in {"", node.os.lower()} and (
        not architecture or _plain(architecture) == _plain(node.architecture)
    )


def _plain(architecture: str) -> str:
    return ARCHITECTURES.get(architecture.lower(), architecture.lower())
