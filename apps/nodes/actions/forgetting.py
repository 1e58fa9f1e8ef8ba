"""Rename a cluster; forget a cluster or a single engine that is gone."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.nodes.actions.registry import Action, Wish, register
from apps.nodes.actions.swarm import MANAGE
from apps.nodes.forms.clusters import RenameForm
from apps.nodes.models import Cluster, EngineEndpoint, Node
from apps.nodes.rules.previews import Preview
from apps.nodes.selectors import rows_of_cluster
from apps.nodes.services import forget_cluster, forget_engine, rename_cluster
from dce_portal.models import Operation
from dce_portal.origin import Origin


def preview_renaming(cluster: Cluster, _wish: Wish) -> Preview:
    """That the name is the portal's own."""
    return Preview(
        title=_("Rename %(cluster)s") % {"cluster": cluster.name},
        sentences=(
            _(
                "The name is how the portal tells its clusters apart; the engines know nothing of it."
            ),
        ),
    )


def preview_forgetting(cluster: Cluster, _wish: Wish) -> Preview:
    """What is deleted here, and what stays out there."""
    counts = rows_of_cluster(cluster)
    return Preview(
        title=_("Forget %(cluster)s") % {"cluster": cluster.name},
        sentences=(
            _(
                "The portal deletes what it knows of this cluster: %(nodes)s nodes, %(services)s services,"
                " %(containers)s containers, and the %(addresses)s addresses at which it was asked."
                " Operations and the audit trail stay."
            )
            % counts,
            _("Engines that still run go on; nothing is sent to them."),
        ),
        warnings=_named_by_settings(EngineEndpoint.objects.filter(cluster=cluster).count(), counts),
        blocked=_answers() if cluster.stale_since is None else "",
        needs_name=True,
    )


def _named_by_settings(every: int, counts: dict[str, int]) -> tuple[str, ...]:
    if every == counts["addresses"]:
        return ()
    return (
        _(
            "Some addresses are named by DCE_DOCKER_HOST and stay: take them out there, or the cluster"
            " is found again as soon as one of them answers."
        ),
    )


def _answers() -> str:
    return _("It answers. Only what does not answer any more can be forgotten.")


def preview_forgetting_engine(node: Node, _wish: Wish) -> Preview:
    """What is deleted here, and what stays out there."""
    return Preview(
        title=_("Forget %(node)s") % {"node": node.hostname},
        sentences=(
            _(
                "The portal deletes what it knows of this engine, with its containers, images and usage,"
                " and the address at which it was asked. Operations and the audit trail stay."
            ),
            _("An engine that still runs goes on; nothing is sent to it."),
        ),
        blocked=_answers() if node.is_fresh else "",
        needs_name=True,
    )


def _start_renaming(cluster: Cluster, wish: Wish, origin: Origin) -> Operation:
    return rename_cluster(cluster=cluster, name=str(wish.get("name", "")), origin=origin)


def _start_forgetting(cluster: Cluster, _wish: Wish, origin: Origin) -> Operation:
    return forget_cluster(cluster=cluster, origin=origin)


def _start_forgetting_engine(node: Node, _wish: Wish, origin: Origin) -> Operation:
    return forget_engine(node=node, origin=origin)


register(
    Action(
        name="rename",
        label=gettext_lazy("Rename"),
        permission=MANAGE,
        model=Cluster,
        preview=preview_renaming,
        start=_start_renaming,
        form=RenameForm,
        initial=lambda cluster: {"name": cluster.name},
    )
)
register(
    Action(
        name="forget",
        label=gettext_lazy("Forget"),
        permission=MANAGE,
        model=Cluster,
        preview=preview_forgetting,
        start=_start_forgetting,
        is_offered=lambda cluster: cluster.stale_since is not None,
    )
)
register(
    Action(
        name="forget",
        label=gettext_lazy("Forget"),
        permission="nodes.remove_node",
        model=Node,
        preview=preview_forgetting_engine,
        start=_start_forgetting_engine,
        is_possible=lambda node: node.cluster.kind == Cluster.Kind.ENGINES,
        is_offered=lambda node: not node.is_fresh,
    )
)
