"""Ends a join: the portal has heard the agent, the node is known, its labels are set."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.services import record_audit
from apps.nodes.models import Cluster, EngineEndpoint, Join, JoinToken, Node
from apps.nodes.ports import NodeChange
from apps.nodes.services.joining.certificates import endpoint_of, is_answering
from apps.nodes.services.joining.claims import origin_of
from apps.nodes.services.joining.steps import note_step
from apps.nodes.services.node_changes import request_node_change
from dce_portal.errors import InvalidInput
from dce_portal.operations import Target
from dce_portal.origin import Origin


@dataclass(frozen=True, slots=True)
class JoinResult:
    """Whether the host is in, and what is awaited while it is not."""

    is_done: bool
    node: Node | None = None
    awaited: str = ""


def result_of(join: Join, *, address: str | None) -> JoinResult:
    """Look whether the portal has heard the agent; the first time it has, the join ends well."""
    endpoint = endpoint_of(join)
    if endpoint is None:
        return JoinResult(is_done=False, awaited=_("This host has no certificate yet."))
    node = endpoint.node if is_answering(join) else None
    if node is None:
        waiting = endpoint.last_error or _("The portal has not asked the agent yet.")
        return JoinResult(is_done=False, awaited=waiting)
    if join.state != Join.State.SUCCEEDED:
        _succeed(join, node, endpoint, origin=origin_of(join.token, address=address))
    return JoinResult(is_done=True, node=node)


def _succeed(join: Join, node: Node, endpoint: EngineEndpoint, *, origin: Origin) -> None:
    with transaction.atomic():
        join.state, join.node, join.error = Join.State.SUCCEEDED, node, ""
        join.save(update_fields=["state", "node", "error", "updated_at"])
        if node.cluster.kind == Cluster.Kind.SWARM:
            # The first host of a token made its Swarm: those after it join the same.
            JoinToken.objects.filter(pk=join.token_id, cluster=None).update(cluster=node.cluster)
        record_audit(
            "join.end",
            origin=origin,
            target=Target("node", str(node.pk), node.hostname),
            detail={"address": join.address, "agent": endpoint.server_name},
        )
        _label(join.token, node, origin=origin)
    note_step(join, "answer", "done")


def _label(token: JoinToken, node: Node, *, origin: Origin) -> None:
    """The token's labels, as an ordinary change of the node by the person who made the token."""
    wanted = {**node.labels, **token.labels}
    if wanted == node.labels or node.cluster.kind != Cluster.Kind.SWARM:
        return
    try:
        request_node_change(node=node, change=NodeChange(labels=wanted), origin=origin)
    except InvalidInput:
        return  # the node has as many labels as it can; the join itself is none the worse
