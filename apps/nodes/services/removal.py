"""Removes a node: gracefully while it is ready, forced once it is down, or from the portal's rows alone."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.nodes import backends
from apps.nodes.models import Cluster, EngineEndpoint, Node
from apps.nodes.ports import Capability, ClusterPort, EngineAddress, EnginePort, NodeChange
from apps.nodes.selectors import address_of
from apps.nodes.services.conversation import Ask, Waiting, asking, update_node, wait_until
from apps.nodes.services.forgetting import forget_node
from apps.nodes.services.node_changes import keep_node, node_of_operation
from apps.nodes.services.roles import change_role, why_not_lose_manager
from apps.workloads.selectors import ENDED_STATES
from dce_portal.errors import Conflict
from dce_portal.models import Operation
from dce_portal.operations import (
    OperationCancelled,
    OperationRun,
    Target,
    operation_handler,
    start_operation,
)
from dce_portal.origin import Origin

KIND = "node.remove"
DRAIN_TAKES_AT_MOST_S = 600
LEAVE_TAKES_AT_MOST_S = 60
DOWN_TAKES_AT_MOST_S = 60


class Way(StrEnum):
    """How a node is removed, by what it is."""

    GRACEFUL = "graceful"
    FORCED = "forced"
    FORGET = "forget"


def removal_way(node: Node) -> Way:
    """Rows alone where no manager could be told; forced where the node is down; else step by step."""
    can_be_told = Capability.NODE_REMOVAL in backends.capabilities_of(node.cluster)
    if not can_be_told or node.cluster.stale_since is not None:
        return Way.FORGET
    return Way.FORCED if node.state == Node.State.DOWN else Way.GRACEFUL


def why_not_remove(node: Node) -> str:
    """What stands against it, and what to do first; empty where nothing does."""
    way = removal_way(node)
    if way == Way.FORGET:
        return _why_not_forget(node)
    if node.role == Node.Role.MANAGER and (blocked := why_not_lose_manager(node)):
        return blocked
    return _why_it_cannot_leave(node) if way == Way.GRACEFUL else ""


def _why_not_forget(node: Node) -> str:
    is_told_again = node.cluster.kind == Cluster.Kind.STANDALONE and node.stale_since is None
    if is_told_again:
        return _(
            "Its cluster still tells of this node, so it would come back at once. End its agent"
            " there first; once it is gone it can be forgotten here."
        )
    return ""


def _why_it_cannot_leave(node: Node) -> str:
    if node.state != Node.State.READY:
        return _(
            "This node is neither ready nor down, so it can be removed neither gracefully nor by"
            " force. Wait until the Swarm knows which of the two it is."
        )
    endpoint: EngineEndpoint | None = getattr(node, "endpoint", None)
    if endpoint is None or endpoint.failures:
        return _(
            "The portal cannot ask this node's engine, so it cannot make it leave the Swarm. Run"
            " “docker swarm leave” on the node, or mend its engine address; once the Swarm sees it"
            " down it can be removed by force."
        )
    return ""


def request_removal(*, node: Node, origin: Origin) -> Operation:
    """Start the removal; the caller has checked `nodes.remove_node` and had the name typed."""
    if blocked := why_not_remove(node):
        raise Conflict(blocked)
    return start_operation(
        KIND,
        title=_("Remove %(node)s") % {"node": node.hostname},
        target=Target("node", str(node.pk), node.hostname),
        origin=origin,
        parameters={"way": removal_way(node)},
    )


@operation_handler(KIND)
def carry_out_removal(run: OperationRun) -> Mapping[str, Any]:
    """Do it the way that was previewed; a node that changed since then is refused by the Swarm itself."""
    node, way = node_of_operation(run), Way(run.parameters["way"])
    if way == Way.FORCED:
        _remove_dead(run, node)
    elif way == Way.GRACEFUL:
        _remove_ready(run, node)
    forget_node(run, node)
    return {"removed": node.hostname, "way": way.value}


def _remove_dead(run: OperationRun, node: Node) -> None:
    port = backends.cluster_port(node.cluster)
    with asking(port) as ask:
        if ask(port.node(node.native_id)).state != Node.State.DOWN:
            raise Conflict(_("This node is no longer down. Nothing was removed; look at it again."))
        _demote(run, node, port=port, ask=ask)
        # Without force: the Swarm itself refuses a node that came back just now.
        ask(port.remove_node(node.native_id, force=False))
        run.say(_("The Swarm has taken the node out."))


def _remove_ready(run: OperationRun, node: Node) -> None:
    port, engine = backends.cluster_port(node.cluster), backends.engine_port(_address(node))
    with asking(port, engine) as ask:
        _check_engine(node, engine, ask)
        _demote(run, node, port=port, ask=ask)
        run.progress(20)
        _drain(run, node, port=port, ask=ask)
        run.progress(60)
        _leave(run, engine, ask)
        run.progress(80)
        _take_out(run, node, port=port, ask=ask)


def _address(node: Node) -> EngineAddress:
    if blocked := _why_it_cannot_leave(node):
        raise Conflict(blocked)
    return address_of(node.endpoint)


def _check_engine(node: Node, engine: EnginePort, ask: Ask) -> None:
    """An address that leads to another machine by now must not make that one leave."""
    membership = ask(engine.identity()).swarm
    if membership is None or membership.node_id != node.native_id:
        raise Conflict(
            _("Another engine answers at %(url)s by now, so nothing was done. Mend the address.")
            % {"url": engine.address.url}
        )


def _demote(run: OperationRun, node: Node, *, port: ClusterPort, ask: Ask) -> None:
    if ask(port.node(node.native_id)).role == Node.Role.MANAGER:
        change_role(run, node, Node.Role.WORKER, port=port, ask=ask)


def _drain(run: OperationRun, node: Node, *, port: ClusterPort, ask: Ask) -> None:
    wish = NodeChange(availability=Node.Availability.DRAIN)
    _tries, seen = ask(update_node(port, node.native_id, lambda _fresh: wish))
    keep_node(node, seen)

    def live() -> int:
        tasks = ask(port.node_tasks(node.native_id))
        return sum(task.state not in ENDED_STATES for task in tasks)

    what = _("The node is drained; waiting until its tasks have ended.")
    waiting = Waiting(what, DRAIN_TAKES_AT_MOST_S, is_cancellable=True)
    try:
        is_empty = wait_until(run, lambda: live() == 0, waiting=waiting)
    except OperationCancelled:
        run.say(_("Cancelled. The node stays in the Swarm, drained; activate it to use it again."))
        raise
    if not is_empty:
        raise _still_busy(live())


def _still_busy(count: int) -> Conflict:
    words = ngettext(
        "After %(limit)s minutes %(n)s task still runs here, so the node was not removed. It stays"
        " drained; look at its tasks, then remove it again.",
        "After %(limit)s minutes %(n)s tasks still run here, so the node was not removed. It stays"
        " drained; look at its tasks, then remove it again.",
        count,
    )
    return Conflict(words % {"n": count, "limit": DRAIN_TAKES_AT_MOST_S // 60})


def _leave(run: OperationRun, engine: EnginePort, ask: Ask) -> None:
    """Asked until the engine itself says that it is in no Swarm: its first answer may be late."""

    def has_left() -> bool:
        ask(engine.leave())
        return ask(engine.identity()).swarm is None

    what = _("Its tasks have ended; its engine is asked to leave the Swarm.")
    if not wait_until(run, has_left, waiting=Waiting(what, LEAVE_TAKES_AT_MOST_S)):
        ask(engine.leave())
        raise Conflict(
            _(
                "The engine did not leave within %(limit)s s. The node stays in the Swarm, drained;"
                " run “docker swarm leave” on it, then remove it again."
            )
            % {"limit": LEAVE_TAKES_AT_MOST_S}
        )


def _take_out(run: OperationRun, node: Node, *, port: ClusterPort, ask: Ask) -> None:
    """It has left, so it may be forced where the managers are slow to see it down."""
    what = _("The engine has left; waiting until the Swarm sees the node down.")
    waiting = Waiting(what, DOWN_TAKES_AT_MOST_S)
    wait_until(
        run, lambda: ask(port.node(node.native_id)).state == Node.State.DOWN, waiting=waiting
    )
    ask(port.remove_node(node.native_id, force=True))
    run.say(_("The Swarm has taken the node out."))
