"""What the difference of two polls says of a cluster's nodes; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from apps.nodes.ports import Happening, NodeInfo
from dce_portal.difference import Difference

READY = "ready"


def newest(stored: Mapping[str, NodeInfo], seen: Iterable[NodeInfo]) -> list[NodeInfo]:
    """What was seen, without nodes of which a newer version is stored: a lagging manager or a slow answer."""
    return [
        stored[node.native_id]
        if node.native_id in stored and stored[node.native_id].version_index > node.version_index
        else node
        for node in seen
    ]


def node_happenings(difference: Difference[NodeInfo]) -> list[Happening]:
    """Nodes that joined, left, went down, came back, or were drained, paused, activated, promoted."""
    joined = [_node("node.joined", node) for node in difference.created]
    left = [_node("node.removed", node, severity="warning") for node in difference.removed]
    changed = [found for pair in difference.changed for found in _changes(*pair)]
    return joined + left + changed


def _changes(before: NodeInfo, after: NodeInfo) -> Iterator[Happening]:
    if before.state != after.state:
        severity = "info" if after.state == READY else "error"
        detail = {"before": before.state, "after": after.state, "message": after.status_message}
        yield _node(f"node.{after.state}", after, severity=severity, detail=detail)
    for name in ("availability", "role"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield _node(f"node.{name}", after, detail={"before": old, "after": new})
    if after.is_leader and not before.is_leader:
        yield _node("node.leader", after)


def _node(
    kind: str,
    node: NodeInfo,
    *,
    severity: str = "info",
    detail: Mapping[str, str | int | None] | None = None,
) -> Happening:
    return Happening(
        kind=kind,
        subject_kind="node",
        subject_id=node.native_id,
        subject_label=node.hostname,
        severity=severity,
        node_id=node.native_id,
        detail=detail or {},
    )
