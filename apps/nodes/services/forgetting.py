"""Takes a node out of the portal's own rows, with its engine address and its agent's certificates."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.nodes.models import Cluster, EngineEndpoint, Node
from apps.nodes.ports import Happening
from apps.nodes.services.certificates.issuing import revoke_agent_certificates
from apps.nodes.services.happenings import publish_state_on_commit, record_happenings
from dce_portal.operations import OperationRun
from dce_portal.origin import Origin


def forget_node(run: OperationRun, node: Node) -> None:
    """Delete the rows; an engine that has just left may stand in another one already."""
    endpoint: EngineEndpoint | None = getattr(node, "endpoint", None)
    origin = origin_of(run)
    with transaction.atomic():
        if endpoint is not None:
            _forget_endpoint(run, endpoint.pk, origin)
        Node.objects.filter(pk=node.pk).delete()
        if not _forget_empty_cluster(run, node.cluster):
            _tell(node)
    run.say(_("The portal has forgotten %(node)s.") % {"node": node.hostname})


def origin_of(run: OperationRun) -> Origin:
    """Who started the operation, for what it writes to the audit itself."""
    operation = run.operation
    return Origin(
        actor=operation.actor, address=operation.address or None, credential=operation.credential
    )


def _forget_endpoint(run: OperationRun, pk: int, origin: Origin) -> None:
    endpoint = EngineEndpoint.objects.select_related("node__cluster").filter(pk=pk).first()
    if endpoint is None:
        return
    revoked = revoke_agent_certificates(endpoint, reason=_("The node was removed."), origin=origin)
    if revoked:
        run.say(_("Its agent's certificates were revoked: %(n)s.") % {"n": revoked})
    if endpoint.from_settings:
        run.say(
            _(
                "Its address %(url)s is named by DCE_DOCKER_HOST and comes back at the next start;"
                " take it out there."
            )
            % {"url": endpoint.url}
        )
    forget_as_single_engine(endpoint)
    endpoint.delete()


def forget_as_single_engine(endpoint: EngineEndpoint) -> None:
    """A poll between leaving and now has seen an engine without a Swarm and made a row for it."""
    node = endpoint.node
    if node is not None and node.cluster.kind == Cluster.Kind.ENGINES:
        node.delete()


def _forget_empty_cluster(run: OperationRun, cluster: Cluster) -> bool:
    """A cluster that does not answer and has no row left stands for nothing any more."""
    is_empty = not (cluster.nodes.exists() or cluster.endpoints.exists())
    if not is_empty or (cluster.stale_since is None and cluster.kind == Cluster.Kind.SWARM):
        return False
    cluster.delete()
    run.say(
        _("It was the last node of %(cluster)s, which is forgotten as well.")
        % {"cluster": cluster.name}
    )
    return True


def _tell(node: Node) -> None:
    happening = Happening("node.removed", "node", node.native_id, node.hostname, severity="warning")
    record_happenings(node.cluster_id, [happening], at=timezone.now(), node_pks={})
    publish_state_on_commit(node.cluster_id, [])
