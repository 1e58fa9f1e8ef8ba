"""Changes a node of a Swarm as an operation: drain, pause, activate, labels."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.nodes import backends
from apps.nodes.models import Cluster, Node
from apps.nodes.ports import ClusterPort, NodeChange, NodeInfo
from apps.nodes.services.happenings import publish_state_on_commit
from apps.nodes.services.labels import check_labels, label_edits, merged_labels
from apps.nodes.shapes import NODE
from dce_portal.errors import Conflict, InvalidInput, NotFound, Unsupported
from dce_portal.models import Operation
from dce_portal.operations import OperationRun, Target, operation_handler, start_operation
from dce_portal.origin import Origin

KIND = "node.update"
MOST_TRIES = 3


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
        raise Unsupported(_("Changing a node's role is not possible here yet."))
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
    node = Node.objects.select_related("cluster").filter(pk=run.operation.target_id).first()
    if node is None:
        raise NotFound(_("This node is no longer known. Nothing was changed."))
    port = backends.cluster_port(node.cluster)
    tries, seen = asyncio.run(_change(port, node.native_id, run.parameters))
    _keep(node, seen)
    run.say(
        _("The Swarm took the change; the node's version is %(v)s.") % {"v": seen.version_index}
    )
    return {"availability": seen.availability, "labels": dict(seen.labels), "tries": tries}


async def _change(
    port: ClusterPort, native_id: str, parameters: Mapping[str, Any]
) -> tuple[int, NodeInfo]:
    try:
        return await _change_with_retries(port, native_id, parameters)
    finally:
        await port.close()


async def _change_with_retries(
    port: ClusterPort, native_id: str, parameters: Mapping[str, Any]
) -> tuple[int, NodeInfo]:
    """Availability and merged labels mean the same on any version, so a conflict is tried again."""
    for number in range(1, MOST_TRIES + 1):
        fresh = await port.node(native_id)
        change = change_for(fresh, parameters)
        try:
            await port.update_node(native_id, change=change, version_index=fresh.version_index)
        except Conflict:
            continue
        return number, await port.node(native_id)
    raise Conflict(
        _(
            "The node changed meanwhile, %(tries)s times in a row. Nothing was written;"
            " look at it again and repeat."
        )
        % {"tries": MOST_TRIES}
    )


def change_for(fresh: NodeInfo, parameters: Mapping[str, Any]) -> NodeChange:
    """The stored wish, made for the node as it is now."""
    to_set, to_remove = parameters["labels_to_set"], parameters["labels_to_remove"]
    labels = merged_labels(fresh.labels, to_set=to_set, to_remove=to_remove)
    return NodeChange(
        availability=parameters["availability"], labels=labels if to_set or to_remove else None
    )


def _keep(node: Node, seen: NodeInfo) -> None:
    """Show the change at once; a poll that began before it cannot undo this, its version is older."""
    columns = NODE.own_columns(seen)
    columns.pop("native_id")
    newer = Node.objects.filter(pk=node.pk, version_index__lte=seen.version_index)
    newer.update(**columns, observed_at=timezone.now())
    publish_state_on_commit(node.cluster_id, [node.pk])
