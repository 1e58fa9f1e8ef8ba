"""What Prometheus may scrape, in the form of its http_sd: the portal, and the nodes for exporters on them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from apps.accounts.models import User
from apps.nodes.models import EngineEndpoint, Node
from apps.nodes.selectors import nodes_visible_to

MOST_TARGETS = 10_000
META = "__meta_dce_"
NOT_IN_LABELS = re.compile(r"[^a-zA-Z0-9_]")

Group = dict[str, Any]


def portal_target(address: str, *, is_secure: bool) -> Group:
    """The portal itself, with path and scheme set: no relabelling is needed for it."""
    labels = {
        "__scheme__": "https" if is_secure else "http",
        "__metrics_path__": "/metrics",
        f"{META}kind": "portal",
    }
    return {"targets": [address], "labels": labels}


def node_targets(user: User, *, port: int) -> list[Group]:
    """One group a node, at the port of the exporter that is meant; a node without an address is left out."""
    nodes = nodes_visible_to(user).order_by("pk")[:MOST_TARGETS]
    return [
        {"targets": [f"{host}:{port}"], "labels": _labels(node)}
        for node in nodes
        if (host := _host(node))
    ]


def _host(node: Node) -> str:
    """The node's address as its cluster tells it, else that of its engine."""
    endpoint = getattr(node, "endpoint", None)
    url = endpoint.url if endpoint is not None else ""
    known = node.address or (urlsplit(url).hostname if url.startswith("tcp://") else "") or ""
    return f"[{known}]" if ":" in known and not known.startswith("[") else known


def _labels(node: Node) -> dict[str, str]:
    endpoint = getattr(node, "endpoint", None)
    has_agent = endpoint is not None and endpoint.kind == EngineEndpoint.Kind.AGENT
    facts = {
        "kind": "node",
        "cluster": node.cluster.name,
        "node": node.hostname,
        "node_id": node.native_id,
        "role": node.role,
        "availability": node.availability,
        "state": node.state,
        "engine_version": node.engine_version,
        "agent": endpoint.url.removeprefix("tcp://") if endpoint and has_agent else "",
    }
    own = {f"label_{NOT_IN_LABELS.sub('_', name)}": text for name, text in node.labels.items()}
    return {f"{META}{name}": str(value) for name, value in {**own, **facts}.items()}
