"""Remove a node from its Swarm, or forget one that nobody tells of any more."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.nodes.actions.moving_words import misfits_told, move_details, told_moves
from apps.nodes.actions.registry import Action, Wish, register
from apps.nodes.models import EngineEndpoint, Node
from apps.nodes.rules.previews import Preview
from apps.nodes.rules.quorum import REACHABLE, explained, warned
from apps.nodes.selectors.moves import DrainPlan, drain_plan
from apps.nodes.services import (
    Way,
    quorum_by_rows,
    removal_way,
    request_removal,
    why_not_remove,
)
from dce_portal.models import Operation
from dce_portal.origin import Origin


def preview_removal(node: Node, _wish: Wish) -> Preview:
    """Every step of the way that fits the node as it is."""
    way = removal_way(node)
    plan = drain_plan(node) if way != Way.FORGET else None
    blocked = why_not_remove(node)
    return Preview(
        title=_("Remove %(node)s") % {"node": node.hostname},
        sentences=(*_steps(node, way), *_moves(plan), *_quorum(node, way)),
        warnings=() if blocked else _warnings(node, way, plan),
        blocked=blocked,
        needs_name=True,
        details=move_details(plan) if plan else (),
    )


def _steps(node: Node, way: Way) -> tuple[str, ...]:
    if way == Way.FORGET:
        return (
            _(
                "The portal forgets this node: its rows, its engine address and its agent's"
                " certificates. Nothing is asked of the machine; what runs on it goes on."
            ),
        )
    demoted = (_("First it is demoted to a worker."),) if _is_manager(node) else ()
    return (*demoted, str(_FORCED if way == Way.FORCED else _GRACEFUL), str(_KEPT))


_GRACEFUL = gettext_lazy(
    "It is drained; once its tasks have ended its engine leaves the Swarm, and the managers take it"
    " out. You can cancel while it drains."
)
_FORCED = gettext_lazy(
    "The node is down, so it is taken out of the Swarm without being asked. The Swarm gives up what"
    " it still counted as running there and starts it elsewhere."
)
_KEPT = gettext_lazy(
    "The portal then forgets its rows and its engine address, and revokes its agent's certificates."
    " Containers outside of services, images and volumes stay on the machine."
)


def _moves(plan: DrainPlan | None) -> tuple[str, ...]:
    return told_moves(plan) if plan else ()


def _quorum(node: Node, way: Way) -> tuple[str, ...]:
    if way == Way.FORGET or not _is_manager(node):
        return ()
    now = quorum_by_rows(node)
    after = now.without(is_reachable=node.reachability == REACHABLE)
    return explained(now, after) if after.managers else ()


def _warnings(node: Node, way: Way, plan: DrainPlan | None) -> tuple[str, ...]:
    warnings = list(misfits_told(plan)) if plan else []
    if way != Way.FORGET and _is_manager(node):
        now = quorum_by_rows(node)
        warnings += warned(now.without(is_reachable=node.reachability == REACHABLE))
    endpoint: EngineEndpoint | None = getattr(node, "endpoint", None)
    if endpoint is not None and endpoint.from_settings:
        warnings.append(
            _(
                "Its engine address is named by DCE_DOCKER_HOST and comes back when the portal"
                " starts again, unless it is taken out there."
            )
        )
    if way == Way.FORGET and node.cluster.native_id:
        warnings.append(_("Should its cluster answer again, the node comes back with it."))
    return tuple(warnings)


def _is_manager(node: Node) -> bool:
    return node.role == Node.Role.MANAGER


def _start(node: Node, _wish: Wish, origin: Origin) -> Operation:
    return request_removal(node=node, origin=origin)


register(
    Action(
        name="remove",
        label=gettext_lazy("Remove"),
        permission="nodes.remove_node",
        model=Node,
        preview=preview_removal,
        start=_start,
    )
)
