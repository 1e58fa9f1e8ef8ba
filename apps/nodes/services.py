"""What acts in this app."""

from __future__ import annotations

from dataclasses import asdict

from django.utils.translation import gettext as _

from apps.nodes.models import Node
from apps.nodes.ports import NodeChange
from dce_portal.models import Operation
from dce_portal.operations import Target, start_operation
from dce_portal.origin import Origin


def request_node_change(*, node: Node, change: NodeChange, origin: Origin) -> Operation:
    """Start the operation that changes a node; the caller has checked the permission."""
    return start_operation(
        "node.update",
        title=_("Change the node %(node)s") % {"node": node.hostname},
        target=Target("node", str(node.pk), node.hostname),
        origin=origin,
        parameters={"node": node.pk, **asdict(change)},
    )
