"""Edit a node's labels."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.nodes.actions.availability import OPERATE
from apps.nodes.actions.possible import offers
from apps.nodes.actions.registry import Action, Wish, register
from apps.nodes.forms import LabelsForm, as_lines
from apps.nodes.models import Node
from apps.nodes.ports import Capability, NodeChange
from apps.nodes.previews import Preview
from apps.nodes.services import request_node_change
from dce_portal.models import Operation
from dce_portal.origin import Origin


def preview_labels(node: Node, _wish: Wish) -> Preview:
    """What labels are for."""
    return Preview(
        title=_("Change the labels of %(node)s") % {"node": node.hostname},
        sentences=(
            _(
                "Services that are bound to labels by placement constraints may move when these"
                " change. A label that somebody else sets meanwhile is kept."
            ),
        ),
    )


def _start(node: Node, wish: Wish, origin: Origin) -> Operation:
    change = NodeChange(labels=wish["labels"])
    return request_node_change(node=node, change=change, origin=origin)


register(
    Action(
        name="labels",
        label=gettext_lazy("Labels"),
        permission=OPERATE,
        model=Node,
        preview=preview_labels,
        start=_start,
        is_possible=offers(Capability.NODE_LABELS),
        form=LabelsForm,
        initial=lambda node: {"labels": as_lines(node.labels)},
    )
)
