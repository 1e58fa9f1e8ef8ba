"""Drain, activate and pause a node."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.nodes.actions.moving_words import misfits_told, move_details, told_moves
from apps.nodes.actions.possible import offers
from apps.nodes.actions.registry import Action, Wish, register
from apps.nodes.models import Node
from apps.nodes.ports import Capability, NodeChange
from apps.nodes.rules.previews import Preview
from apps.nodes.selectors.moves import drain_plan
from apps.nodes.services import request_node_change
from dce_portal.models import Operation
from dce_portal.origin import Origin

OPERATE = "nodes.operate_node"


def preview_drain(node: Node, _wish: Wish) -> Preview:
    """Which tasks move, and whether they find room elsewhere."""
    plan = drain_plan(node)
    return Preview(
        title=_("Drain %(node)s") % {"node": node.hostname},
        sentences=(
            _(
                "The Swarm places no new tasks on this node, ends those that run here, and starts"
                " them on other nodes where it can. Containers that belong to no service stay."
            ),
            *told_moves(plan),
        ),
        warnings=(*_already(node, Node.Availability.DRAIN), *misfits_told(plan)),
        details=move_details(plan),
    )


def preview_activate(node: Node, _wish: Wish) -> Preview:
    """That nothing comes back by itself."""
    return Preview(
        title=_("Activate %(node)s") % {"node": node.hostname},
        sentences=(
            _(
                "The Swarm may place tasks on this node again. Tasks that moved away do not come"
                " back by themselves; rebalance their services to bring them back."
            ),
        ),
        warnings=_already(node, Node.Availability.ACTIVE),
    )


def preview_pause(node: Node, _wish: Wish) -> Preview:
    """That nothing ends."""
    return Preview(
        title=_("Pause %(node)s") % {"node": node.hostname},
        sentences=(
            _("The Swarm places no new tasks on this node. What runs here goes on."),
            _("A task that ends by itself is started again on another node."),
        ),
        warnings=_already(node, Node.Availability.PAUSE),
    )


def _already(node: Node, wanted: Node.Availability) -> tuple[str, ...]:
    """No reason to refuse: what was last seen may be seconds old, and somebody may have changed it since."""
    if node.availability != wanted:
        return ()
    text = _("When last seen, this node was %(word)s already; this makes sure of it.")
    return (text % {"word": node.get_availability_display()},)


def _start(availability: Node.Availability, node: Node, _wish: Wish, origin: Origin) -> Operation:
    change = NodeChange(availability=availability)
    return request_node_change(node=node, change=change, origin=origin)


def _is_not(availability: Node.Availability) -> Callable[[Node], bool]:
    return lambda node: node.availability != availability


for _name, _label, _wanted, _preview in (
    ("activate", gettext_lazy("Activate"), Node.Availability.ACTIVE, preview_activate),
    ("pause", gettext_lazy("Pause"), Node.Availability.PAUSE, preview_pause),
    ("drain", gettext_lazy("Drain"), Node.Availability.DRAIN, preview_drain),
):
    register(
        Action(
            name=_name,
            label=_label,
            permission=OPERATE,
            model=Node,
            preview=_preview,
            start=partial(_start, _wanted),
            is_possible=offers(Capability.NODE_AVAILABILITY),
            is_offered=_is_not(_wanted),
        )
    )
