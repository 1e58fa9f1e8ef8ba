"""Lets a host go that joined with a token: its agent is asked no more, its certificate is revoked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.services import record_audit
from apps.nodes import backends
from apps.nodes.models import Cluster, Join, JoinToken, Node
from apps.nodes.ports import ClusterPort, NodeChange
from apps.nodes.services.certificates.issuing import revoke_agent_certificates
from apps.nodes.services.joining.certificates import endpoint_of
from apps.nodes.services.joining.claims import origin_of
from apps.nodes.services.joining.steps import publish_on_commit
from dce_portal.errors import Conflict, NotFound, PermissionDenied
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


def end_leave(join: Join, *, address: str | None) -> None:
    """Forget the host: certificate revoked, address removed, the Swarm's own entry taken out."""
    origin = origin_of(join.token, address=address)
    node, endpoint = _node_of(join), endpoint_of(join)
    with transaction.atomic():
        if endpoint is not None:
            reason = _("The host left.")
            revoke_agent_certificates(endpoint, reason=reason, origin=origin)
            endpoint.delete()
        join.state, join.steps, join.node, join.error = Join.State.LEFT, [], None, ""
        join.save(update_fields=["state", "steps", "node", "error", "updated_at"])
        label = node.hostname if node else join.hostname
        target = Target("node", str(node.pk) if node else "", label)
        record_audit("join.leave", origin=origin, target=target)
        publish_on_commit(join)


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
