"""Promote and demote a node, with the quorum explained."""

from __future__ import annotations

from functools import partial

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.nodes.actions.possible import offers
from apps.nodes.actions.registry import Action, Wish, register
from apps.nodes.models import Node
from apps.nodes.ports import Capability
from apps.nodes.rules.previews import Preview
from apps.nodes.rules.quorum import REACHABLE, explained, warned
from apps.nodes.services import quorum_by_rows, request_role_change, why_not_role
from dce_portal.models import Operation
from dce_portal.origin import Origin

PERMISSION = "nodes.change_node_role"


def preview_promote(node: Node, _wish: Wish) -> Preview:
    """What one more manager means."""
    now = quorum_by_rows(node)
    after = now.with_one_more()
    return Preview(
        title=_("Promote %(node)s") % {"node": node.hostname},
        sentences=(
            _(
                "This node becomes a manager: it keeps a copy of the Swarm's state and its keys, and"
                " takes part in every decision. Whoever rules it rules the Swarm."
            ),
            *explained(now, after),
        ),
        warnings=warned(after),
        blocked=why_not_role(node, Node.Role.MANAGER),
    )


def preview_demote(node: Node, _wish: Wish) -> Preview:
    """What one manager less means."""
    now = quorum_by_rows(node)
    after = now.without(is_reachable=node.reachability == REACHABLE)
    blocked = why_not_role(node, Node.Role.WORKER)
    sentences = [_("This node becomes a worker. Its tasks go on.")]
    if node.is_leader:
        sentences.append(_("It leads now; the other managers choose a new leader within seconds."))
    return Preview(
        title=_("Demote %(node)s") % {"node": node.hostname},
        sentences=(*sentences, *(explained(now, after) if after.managers > 0 else ())),
        warnings=warned(after) if not blocked else (),
        blocked=blocked,
    )


def _start(role: Node.Role, node: Node, _wish: Wish, origin: Origin) -> Operation:
    return request_role_change(node=node, role=role, origin=origin)


register(
    Action(
        name="promote",
        label=gettext_lazy("Promote"),
        permission=PERMISSION,
        model=Node,
        preview=preview_promote,
        start=partial(_start, Node.Role.MANAGER),
        is_possible=offers(Capability.NODE_ROLES),
        is_offered=lambda node: node.role == Node.Role.WORKER,
    )
)
register(
    Action(
        name="demote",
        label=gettext_lazy("Demote"),
        permission=PERMISSION,
        model=Node,
        preview=preview_demote,
        start=partial(_start, Node.Role.WORKER),
        is_possible=offers(Capability.NODE_ROLES),
        is_offered=lambda node: node.role == Node.Role.MANAGER,
    )
)
