"""Sets and removes labels on several nodes as one operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.nodes import backends
from apps.nodes.models import Node
from apps.nodes.ports import Capability
from apps.nodes.services.conversation import asking, update_node
from apps.nodes.services.labels import check_labels, merged_labels
from apps.nodes.services.node_changes import change_for, keep_node
from dce_portal.errors import Conflict, InvalidInput, PortalError, Unsupported
from dce_portal.models import Operation
from dce_portal.operations import OperationRun, Target, operation_handler, start_operation
from dce_portal.origin import Origin

KIND = "node.labels"


def request_label_edits(
    *, nodes: Sequence[Node], to_set: Mapping[str, str], to_remove: Sequence[str], origin: Origin
) -> Operation:
    """Check the labels and start the operation; the caller has checked `nodes.operate_node`."""
    _check(nodes, to_set, to_remove)
    names = ", ".join(node.hostname for node in nodes)
    title = ngettext("Label %(n)s node", "Label %(n)s nodes", len(nodes)) % {"n": len(nodes)}
    return start_operation(
        KIND,
        title=title,
        target=Target("node", str(nodes[0].pk) if len(nodes) == 1 else "", names[:250]),
        origin=origin,
        parameters={
            "nodes": [node.pk for node in nodes],
            "availability": None,
            "labels_to_set": dict(to_set),
            "labels_to_remove": list(to_remove),
        },
    )


def _check(nodes: Sequence[Node], to_set: Mapping[str, str], to_remove: Sequence[str]) -> None:
    if not nodes:
        raise InvalidInput(_("Choose at least one node."), field="nodes")
    if not (to_set or to_remove):
        raise InvalidInput(_("Give labels to set or names to remove."), field="labels")
    for node in nodes:
        if Capability.NODE_LABELS not in backends.capabilities_of(node.cluster):
            raise Unsupported(
                _("%(node)s cannot be labelled; only a Swarm's node can.") % {"node": node.hostname}
            )
    if both := sorted(set(to_set) & set(to_remove)):
        raise InvalidInput(
            _("“%(name)s” is both to be set and to be removed.") % {"name": both[0]}, field="labels"
        )
    check_labels(to_set)
    for node in nodes:
        check_labels(merged_labels(node.labels, to_set=to_set, to_remove=to_remove))


@operation_handler(KIND)
def carry_out_label_edits(run: OperationRun) -> Mapping[str, Any]:
    """Node by node; one that fails does not keep the others from being labelled."""
    nodes = list(Node.objects.select_related("cluster").filter(pk__in=run.parameters["nodes"]))
    failed = []
    for number, node in enumerate(nodes, start=1):
        run.stop_if_cancelled()
        try:
            _label(run, node)
        except PortalError as error:
            failed.append(node.hostname)
            run.say(f"{node.hostname}: {error.message}")
        run.progress(100 * number // len(nodes))
    if failed:
        raise Conflict(
            _("Not all nodes were labelled; the log says why. Left out: %(names)s.")
            % {"names": ", ".join(failed)}
        )
    return {"nodes": [node.hostname for node in nodes]}


def _label(run: OperationRun, node: Node) -> None:
    port = backends.cluster_port(node.cluster)
    with asking(port) as ask:
        wish = partial(change_for, parameters=run.parameters)
        _tries, seen = ask(update_node(port, node.native_id, wish))
    keep_node(node, seen)
    run.say(_("%(node)s has its labels.") % {"node": node.hostname})
