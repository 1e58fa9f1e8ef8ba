"""Edit the labels of one node, or set and remove some on several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.nodes.actions.availability import OPERATE
from apps.nodes.actions.possible import offers
from apps.nodes.actions.registry import Action, Wish, register
from apps.nodes.forms.labels import LabelEditsForm, LabelsForm, as_lines
from apps.nodes.models import Node
from apps.nodes.ports import Capability, NodeChange
from apps.nodes.rules.previews import Detail, Preview
from apps.nodes.services import request_label_edits, request_node_change
from dce_portal.models import Operation
from dce_portal.origin import Origin


def preview_labels(node: Node, _wish: Wish) -> Preview:
    """What labels are for."""
    return Preview(
        title=_("Change the labels of %(node)s") % {"node": node.hostname},
        sentences=(str(_MAY_MOVE),),
    )


_MAY_MOVE = gettext_lazy(
    "Services that are bound to labels by placement constraints may move when these change. A label"
    " that somebody else sets meanwhile is kept."
)


def preview_label_edits(nodes: tuple[Node, ...], wish: Wish) -> Preview:
    """What each node has of it, once it was filled in."""
    to_set, to_remove = wish.get("labels") or {}, wish.get("remove") or ()
    details: tuple[Detail, ...] = ()
    if isinstance(to_set, dict) and not isinstance(to_remove, str):
        lines = tuple(_edited(node, to_set, to_remove) for node in nodes)
        details = (Detail(_("What changes on each node"), lines),)
    return Preview(
        title=ngettext("Label %(n)s node", "Label %(n)s nodes", len(nodes)) % {"n": len(nodes)},
        sentences=(str(_MAY_MOVE),),
        details=details,
    )


def _edited(node: Node, to_set: Mapping[str, str], to_remove: Sequence[str]) -> str:
    set_anew = [
        f"+{name}={to_set[name]}" for name in to_set if node.labels.get(name) != to_set[name]
    ]
    taken = [f"−{name}" for name in to_remove if name in node.labels]
    return f"{node.hostname}: {', '.join([*set_anew, *taken]) or _('nothing')}"


def _start_edits(nodes: tuple[Node, ...], wish: Wish, origin: Origin) -> Operation:
    return request_label_edits(
        nodes=nodes, to_set=wish["labels"], to_remove=wish["remove"], origin=origin
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
register(
    Action(
        name="label",
        label=gettext_lazy("Set or remove labels"),
        permission=OPERATE,
        model=Node,
        preview=preview_label_edits,
        start=_start_edits,
        is_possible=offers(Capability.NODE_LABELS),
        form=LabelEditsForm,
        takes_many=True,
    )
)
