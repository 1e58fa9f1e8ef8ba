"""Whether a node's rows can be believed: the manager's word, the engine's own answers, and the reason in a sentence."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.nodes.models import Cluster, EngineEndpoint, Node

GONE_STATES = frozenset(
    {Node.State.DOWN, Node.State.DISCONNECTED, Node.State.UNHEALTHY, Node.State.PENDING}
)


def stale_reason(node: Node) -> str:
    """Why this node is stale, or nothing while it is fresh."""
    parts = (_engine_reason(node), _state_reason(node), node.cluster.stale_reason)
    return " ".join(part for part in parts if part)


def _engine_reason(node: Node) -> str:
    endpoint: EngineEndpoint | None = getattr(node, "endpoint", None)
    if endpoint is not None:
        return endpoint.last_error if endpoint.failures else ""
    if node.cluster.kind == Cluster.Kind.ENGINES:
        return _(
            "This engine has no address here any more. What was last seen is kept;"
            " add its address under Engine addresses to see it again."
        )
    return ""


def _state_reason(node: Node) -> str:
    if node.state not in GONE_STATES:
        return ""
    said = f"{node.state}, {node.status_message}" if node.status_message else node.state
    return _("The Swarm's managers say of this node: %(said)s.") % {"said": said}


def refresh_staleness(nodes: QuerySet[Node], *, at: datetime) -> list[int]:
    """Write what changed of the nodes' staleness; returns the rows that did."""
    changed = [
        node
        for node in nodes.select_related("cluster", "endpoint")
        if _set_staleness(node, stale_reason(node), at=at)
    ]
    Node.objects.bulk_update(changed, ["stale_since", "stale_reason"], batch_size=200)
    return [node.pk for node in changed]


def _set_staleness(node: Node, reason: str, *, at: datetime) -> bool:
    since = (node.stale_since or at) if reason else None
    is_changed = (node.stale_since, node.stale_reason) != (since, reason)
    node.stale_since, node.stale_reason = since, reason
    return is_changed
