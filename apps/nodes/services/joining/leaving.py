"""Lets a host go that joined with a token: certificate revoked, address forgotten, its Swarm told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.services import record_audit
from apps.nodes import backends
from apps.nodes.models import Cluster, Join, JoinToken, Node
from apps.nodes.ports import ClusterPort, NodeChange
from apps.nodes.selectors import manager_addresses
from apps.nodes.services.certificates.issuing import revoke_agent_certificates
from apps.nodes.services.forgetting import forget_as_single_engine
from apps.nodes.services.joining.certificates import endpoint_of
from apps.nodes.services.joining.claims import origin_of
from apps.nodes.services.joining.steps import publish_on_commit
from dce_portal.errors import Conflict, NotFound, PermissionDenied, PortalError
from dce_portal.operations import Target

MOST_TRIES = 3


@dataclass(frozen=True, slots=True)
class LeavePlan:
    """How the host leaves its Swarm."""

    is_last_manager: bool = False
    """The Swarm ends with this host: docker asks for --force."""
    is_demoted: bool = False
    """It was a manager, and the others have been told that it is none any more."""


def leaving_join(token: JoinToken, machine: str) -> Join:
    """The join to undo; a token that is used up or expired still lets its own hosts go."""
    if token.revoked_at is not None:
        raise PermissionDenied(
            _("This join token was revoked. Remove the node from its page in the portal instead.")
        )
    rows = Join.objects.select_related("certificate__endpoint__node__cluster", "node__cluster")
    join = rows.filter(token=token, machine_id=machine).first()
    if join is None:
        raise NotFound(_("This host has not joined with this token. Nothing was changed."))
    return join


def plan_leave(join: Join) -> LeavePlan:
    """Make a manager a worker first, so that the Swarm's other managers keep their majority."""
    node = _node_of(join)
    if node is None or node.role != Node.Role.MANAGER or node.cluster.kind != Cluster.Kind.SWARM:
        return LeavePlan()
    managers = node.cluster.nodes.filter(role=Node.Role.MANAGER, state=Node.State.READY)
    if not managers.exclude(pk=node.pk).exists():
        return LeavePlan(is_last_manager=True)
    asyncio.run(_demote(backends.cluster_port(node.cluster), node.native_id))
    return LeavePlan(is_demoted=True)


def end_leave(join: Join, *, address: str | None) -> str:
    """Forget the host, then have its Swarm forget it; why that one did not, or nothing."""
    # A poll since the host left has placed its address among the single engines.
    node = join.node or _node_of(join)
    _forget(join, node, address=address)
    return _taken_out(node) if node is not None else ""


def _forget(join: Join, node: Node | None, *, address: str | None) -> None:
    origin, endpoint = origin_of(join.token, address=address), endpoint_of(join)
    with transaction.atomic():
        if endpoint is not None:
            reason = _("The host left.")
            revoke_agent_certificates(endpoint, reason=reason, origin=origin)
            forget_as_single_engine(endpoint)
            endpoint.delete()
        join.state, join.steps, join.node, join.error = Join.State.LEFT, [], None, ""
        join.save(update_fields=["state", "steps", "node", "error", "updated_at"])
        label = node.hostname if node else join.hostname
        target = Target("node", str(node.pk) if node else "", label)
        record_audit("join.leave", origin=origin, target=target)
        publish_on_commit(join)


def _taken_out(node: Node) -> str:
    """It has left, so it may be forced; a Swarm without another manager here ended with this host."""
    if node.cluster.kind != Cluster.Kind.SWARM or not manager_addresses(node.cluster):
        return ""
    try:
        asyncio.run(_remove(backends.cluster_port(node.cluster), node.native_id))
    except NotFound:
        return ""
    except PortalError as error:
        words = _(
            "The Swarm still lists %(node)s: %(reason)s Remove it from its page in the portal once"
            " it is down."
        )
        return words % {"node": node.hostname, "reason": error.message}
    return ""


async def _remove(port: ClusterPort, native_id: str) -> None:
    try:
        await port.remove_node(native_id, force=True)
    finally:
        await port.close()


def _node_of(join: Join) -> Node | None:
    endpoint = endpoint_of(join)
    return (endpoint.node if endpoint else None) or join.node


async def _demote(port: ClusterPort, native_id: str) -> None:
    """The role means the same on any version of the node, so a conflict is tried again."""
    try:
        for number in range(MOST_TRIES):
            fresh = await port.node(native_id)
            change = NodeChange(role=Node.Role.WORKER)
            try:
                await port.update_node(native_id, change=change, version_index=fresh.version_index)
            except Conflict:
                if number + 1 == MOST_TRIES:
                    raise
                continue
            return
    finally:
        await port.close()
