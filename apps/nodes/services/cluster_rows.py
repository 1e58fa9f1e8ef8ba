"""Forgets clusters and single engines that are gone, and names clusters; nothing outside is touched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.nodes.models import Cluster, EngineEndpoint, Node
from apps.nodes.services.certificates.issuing import revoke_agent_certificates
from apps.nodes.services.forgetting import forget_node, origin_of
from apps.nodes.services.swarm_changes import cluster_of
from dce_portal.errors import Conflict, InvalidInput, NotFound, Unsupported
from dce_portal.models import Operation
from dce_portal.operations import OperationRun, Target, operation_handler, start_operation
from dce_portal.origin import Origin

FORGET_CLUSTER = "cluster.forget"
FORGET_ENGINE = "node.forget"
RENAME = "cluster.rename"
LONGEST_NAME = 64


def forget_cluster(*, cluster: Cluster, origin: Origin) -> Operation:
    """Delete what is known of a cluster that does not answer; the caller has checked `nodes.manage_cluster`."""
    check_cluster_gone(cluster)
    return start_operation(
        FORGET_CLUSTER,
        title=_("Forget %(cluster)s") % {"cluster": cluster.name},
        target=Target("cluster", str(cluster.pk), cluster.name),
        origin=origin,
    )


def forget_engine(*, node: Node, origin: Origin) -> Operation:
    """Delete what is known of a single engine that does not answer; the caller has checked `nodes.remove_node`."""
    check_engine_gone(node)
    return start_operation(
        FORGET_ENGINE,
        title=_("Forget %(node)s") % {"node": node.hostname},
        target=Target("node", str(node.pk), node.hostname),
        origin=origin,
    )


def rename_cluster(*, cluster: Cluster, name: str, origin: Origin) -> Operation:
    """Give a cluster another name; the caller has checked `nodes.manage_cluster`."""
    check_name(cluster, name)
    return start_operation(
        RENAME,
        title=_("Rename %(cluster)s to %(name)s") % {"cluster": cluster.name, "name": name},
        target=Target("cluster", str(cluster.pk), cluster.name),
        origin=origin,
        parameters={"name": name},
    )


def check_cluster_gone(cluster: Cluster) -> None:
    """Refuse while it answers: the next poll would bring it back."""
    if cluster.stale_since is None:
        raise Conflict(_("This cluster answers. Only one that does not can be forgotten."))


def check_engine_gone(node: Node) -> None:
    """Refuse a Swarm's node, and an engine that answers."""
    if node.cluster.kind != Cluster.Kind.ENGINES:
        raise Unsupported(_("Only single engines can be forgotten; a Swarm's node is removed."))
    if node.is_fresh:
        raise Conflict(_("This engine answers. Only one that does not can be forgotten."))


def check_name(cluster: Cluster, name: str) -> None:
    """Refuse a name that is empty, too long, unprintable or another cluster's."""
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidInput(
            _("A cluster's name is one line of at most %(most)s characters.")
            % {"most": LONGEST_NAME},
            field="name",
        )
    if Cluster.objects.filter(name=name).exclude(pk=cluster.pk).exists():
        raise InvalidInput(_("Another cluster has this name already."), field="name")


@operation_handler(FORGET_CLUSTER)
def carry_out_forgetting_cluster(run: OperationRun) -> Mapping[str, Any]:
    """Delete the cluster's rows and its addresses; those that the settings name stay."""
    cluster = cluster_of(run)
    with transaction.atomic():
        check_cluster_gone(Cluster.objects.select_for_update().get(pk=cluster.pk))
        nodes = cluster.nodes.count()
        addresses = _forget_addresses(cluster, origin_of(run))
        cluster.delete()
    return {"nodes": nodes, "addresses": addresses}


def _forget_addresses(cluster: Cluster, origin: Origin) -> int:
    """An agent that is forgotten shall not be asked by anybody with its old certificate."""
    endpoints = list(EngineEndpoint.objects.filter(cluster=cluster, from_settings=False))
    reason = _("Its cluster was forgotten.")
    for endpoint in endpoints:
        revoke_agent_certificates(endpoint, reason=reason, origin=origin)
        endpoint.delete()
    return len(endpoints)


@operation_handler(FORGET_ENGINE)
def carry_out_forgetting_engine(run: OperationRun) -> Mapping[str, Any]:
    """Delete the engine's rows and its address, and the list of single engines when it was the last."""
    rows = Node.objects.select_related("cluster", "endpoint")
    node = rows.filter(pk=run.operation.target_id).first()
    if node is None:
        raise NotFound(_("This node is no longer known. Nothing was changed."))
    check_engine_gone(node)
    forget_node(run, node)
    return {}


@operation_handler(RENAME)
def carry_out_renaming(run: OperationRun) -> Mapping[str, Any]:
    """Write the name, unless another cluster took it meanwhile."""
    cluster, name = cluster_of(run), str(run.parameters["name"])
    check_name(cluster, name)
    try:
        with transaction.atomic():
            Cluster.objects.filter(pk=cluster.pk).update(name=name)
    except IntegrityError:
        raise Conflict(_("Another cluster took this name meanwhile. Choose another.")) from None
    return {"name": name}
