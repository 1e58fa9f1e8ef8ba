"""Changes a node of a Swarm as an operation: drain, pause, activate, labels."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.nodes import backends
from apps.nodes.models import Cluster, Node
from apps.nodes.ports import NodeChange, NodeInfo
from apps.nodes.rules.shapes import NODE
from apps.nodes.services.conversation import asking, update_node
from apps.nodes.services.happenings import publish_state_on_commit
from apps.nodes.services.labels import check_labels, label_edits, merged_labels
from dce_portal.errors import InvalidInput, NotFound, Unsupported
from dce_portal.models import Operation
from dce_portal.operations import OperationRun, Target, operation_handler, start_operation
from dce_portal.origin import Origin

KIND = "node.update"


def request_node_change(*, node: Node, change: NodeChange, origin: Origin) -> Operation:
    """Check the change and start its operation; the caller has checked `nodes.operate_node`.

    Labels are given as they shall be; what differs from the row is what is changed, so that
    a label that somebody else sets meanwhile is kept.
    """
    _check(node, change)
    to_set, to_remove = (
        ({}, []) if change.labels is None else label_edits(node.labels, change.labels)
    )
    check_labels(to_set)
    if change.availability is None and not (to_set or to_remove):
        raise InvalidInput(_("There is nothing to change: the node is like that already."))
    return start_operation(
        KIND,
        title=_title(node, change),
        target=Target("node", str(node.pk), node.hostname),
        origin=origin,
        parameters={
            "availability": change.availability,
            "labels_to_set": to_set,
            "labels_to_remove": to_remove,
        },
    )


def _check(node: Node, change: NodeChange) -> None:
    if node.cluster.kind != Cluster.Kind.SWARM:
        raise Unsupported(
            _("A single engine cannot be drained, paused or labelled; only a Swarm's node can.")
        )
    if change.role is not None:
        raise Unsupported(_("A role is changed by promoting or demoting the node."))
    if change.availability not in {None, *Node.Availability.values}:
        words = ", ".join(Node.Availability.values)
        raise InvalidInput(
            _("Availability must be one of: %(words)s.") % {"words": words}, field="availability"
        )


def _title(node: Node, change: NodeChange) -> str:
    titles: dict[str | None, str] = {
        Node.Availability.DRAIN: _("Drain %(node)s"),
        Node.Availability.PAUSE: _("Pause %(node)s"),
        Node.Availability.ACTIVE: _("Activate %(node)s"),
        None: _("Change the labels of %(node)s"),
    }
    return titles[change.availability] % {"node": node.hostname}


@operation_handler(KIND)
def carry_out_node_change(run: OperationRun) -> Mapping[str, Any]:
    """Write the change on the newest version of the node, then keep what the manager says of it."""
    node = node_of_operation(run)
    port = backends.cluster_port(node.cluster)
    with asking(port) as ask:
        wish = partial(change_for, parameters=run.parameters)
        tries, seen = ask(update_node(port, node.native_id, wish))
    keep_node(node, seen)
    run.say(
        _("The Swarm took the change; the node's version is %(v)s.") % {"v": seen.version_index}
    )
    return {"availability": seen.availability, "labels": dict(seen.labels), "tries": tries}


def node_of_operation(run: OperationRun) -> Node:
    """The node that the operation is about, as its row is now."""
    rows = Node.objects.select_related("cluster", "endpoint")
    node = rows.filter(pk=run.operation.target_id).first()
    if node is None:
        raise NotFound(_("This node is no longer known. Nothing was changed."))
    return node


def change_for(fresh: NodeInfo, parameters: Mapping[str, Any]) -> NodeChange:
    """The stored wish, made for the node as it is now."""
    to_set, to_remove = parameters["labels_to_set"], parameters["labels_to_remove"]
    labels = merged_labels(fresh.labels, to_set=to_set, to_remove=to_remove)
    return NodeChange(
        availability=parameters["availability"], labels=labels if to_set or to_remove else None
    )


def keep_node(node: Node, seen: NodeInfo) -> None:
    """Show the change at once; a poll that began before it cannot undo this, its version is older."""
    columns = NODE.own_columns(seen)
    columns.pop("native_id")
    newer = Node.objects.filter(pk=node.pk, version_index__lte=seen.version_index)
    newer.update(**columns, observed_at=timezone.now())
    publish_state_on_commit(node.cluster_id, [node.pk])
