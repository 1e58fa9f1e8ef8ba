"""Promotes a worker to manager and demotes a manager, as an operation that watches the quorum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from apps.nodes import backends
from apps.nodes.models import Node
from apps.nodes.ports import Capability, ClusterPort, NodeChange, NodeInfo
from apps.nodes.rules.quorum import REACHABLE, Quorum, quorum_of, why_not_demote, why_not_promote
from apps.nodes.services.conversation import Ask, Waiting, asking, update_node, wait_until
from apps.nodes.services.node_changes import keep_node, node_of_operation
from dce_portal.errors import Conflict, Unsupported
from dce_portal.models import Operation
from dce_portal.operations import OperationRun, Target, operation_handler, start_operation
from dce_portal.origin import Origin

KIND = "node.role"
ROLE_TAKES_AT_MOST_S = 90


def request_role_change(*, node: Node, role: str, origin: Origin) -> Operation:
    """Start a promotion or a demotion; the caller has checked `nodes.change_node_role`."""
    if Capability.NODE_ROLES not in backends.capabilities_of(node.cluster):
        raise Unsupported(_("Only a Swarm's node has a role that can be changed."))
    if blocked := why_not_role(node, role):
        raise Conflict(blocked)
    titles = {Node.Role.MANAGER: _("Promote %(node)s"), Node.Role.WORKER: _("Demote %(node)s")}
    return start_operation(
        KIND,
        title=titles[Node.Role(role)] % {"node": node.hostname},
        target=Target("node", str(node.pk), node.hostname),
        origin=origin,
        parameters={"role": role},
    )


def why_not_role(node: Node, role: str) -> str:
    """What the rows say against it, as a sentence; empty where nothing does."""
    if node.role == role:
        return _("There is nothing to do: this node is a %(role)s already.") % {
            "role": node.get_role_display()
        }
    if role == Node.Role.MANAGER:
        return why_not_promote(quorum_by_rows(node), state=node.state)
    return why_not_lose_manager(node)


def why_not_lose_manager(node: Node) -> str:
    """What stands against demoting it: the quorum, or that the portal would be blind afterwards."""
    is_reachable = node.reachability == REACHABLE
    blocked = why_not_demote(quorum_by_rows(node), is_reachable=is_reachable)
    others = node.cluster.endpoints.filter(is_manager=True, failures=0).exclude(node=node)
    if not blocked and not others.exists():
        return _(
            "No other manager answers the portal, so it would know nothing of this Swarm afterwards."
            " Add the address of another manager first."
        )
    return blocked


def quorum_by_rows(node: Node) -> Quorum:
    """The managers of the node's Swarm, as last seen."""
    return quorum_of(Node.objects.filter(cluster=node.cluster_id))


@operation_handler(KIND)
def carry_out_role_change(run: OperationRun) -> Mapping[str, Any]:
    """Check the quorum against what the Swarm says now, change the role, and wait until it is in force."""
    node, role = node_of_operation(run), run.parameters["role"]
    port = backends.cluster_port(node.cluster)
    with asking(port) as ask:
        seen = change_role(run, node, role, port=port, ask=ask)
    return {"role": seen.role, "reachability": seen.reachability}


def change_role(
    run: OperationRun, node: Node, role: str, *, port: ClusterPort, ask: Ask
) -> NodeInfo:
    """The steps, for the removal of a manager as well; returns the node as the Swarm says it is now."""
    _check_now(ask(port.snapshot()).nodes, node, role)
    _tries, seen = ask(update_node(port, node.native_id, lambda _fresh: NodeChange(role=role)))
    keep_node(node, seen)
    words = {
        Node.Role.MANAGER: _("It is asked to be a manager; waiting until it is one."),
        Node.Role.WORKER: _("It is asked to be a worker; waiting until it has given up managing."),
    }
    waiting = Waiting(words[Node.Role(role)], ROLE_TAKES_AT_MOST_S)
    if not wait_until(run, lambda: _is_in_force(ask(port.node(node.native_id))), waiting=waiting):
        raise Conflict(
            _(
                "The Swarm took the new role, but the node did not act on it within %(limit)s s."
                " It may still; look at the node's page in a while."
            )
            % {"limit": ROLE_TAKES_AT_MOST_S}
        )
    seen = ask(port.node(node.native_id))
    keep_node(node, seen)
    run.say(_("The node is a %(role)s now.") % {"role": node.Role(seen.role).label})
    return seen


def _check_now(nodes: tuple[NodeInfo, ...], node: Node, role: str) -> None:
    """The rows may be some seconds old; what the Swarm says now decides."""
    now = quorum_of(nodes)
    for seen in nodes:
        if seen.native_id == node.native_id:
            is_reachable = seen.reachability == REACHABLE
            blocked = (
                why_not_promote(now, state=seen.state)
                if role == Node.Role.MANAGER
                else why_not_demote(now, is_reachable=is_reachable)
            )
            if blocked and seen.role != role:
                raise Conflict(blocked)


def _is_in_force(seen: NodeInfo) -> bool:
    """A manager that others reach; a worker of which no manager's status is told any more."""
    if seen.role == Node.Role.MANAGER:
        return seen.reachability == REACHABLE
    return not seen.reachability
