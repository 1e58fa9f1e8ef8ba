"""Finds which node an engine address is, by what the engine says of itself, and moves it when that changes."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext as _

from apps.nodes.models import Cluster, EngineEndpoint, Node
from apps.nodes.ports import EngineIdentity, NodeInfo, SwarmMembership, node_of_engine
from apps.nodes.rules.shapes import NODE


def place_endpoint(endpoint: EngineEndpoint, identity: EngineIdentity) -> Node | None:
    """Link the address to its node; None, with the reason in `last_error`, when that cannot be."""
    node = _node_of(endpoint, identity)
    if node is None:
        _unlink(
            endpoint,
            _(
                "This engine is a worker of a Swarm of which no manager has an address here."
                " Add a manager's address, then its containers appear."
            ),
        )
        return None
    if not _take_over(endpoint, node):
        _unlink(
            endpoint,
            _("This is a second address of the node %(node)s, which is asked at %(url)s.")
            % {"node": node.hostname, "url": node.endpoint.url},
        )
        return None
    _link(endpoint, node)
    return node


def _node_of(endpoint: EngineEndpoint, identity: EngineIdentity) -> Node | None:
    if identity.swarm is None:
        return _single_node(endpoint, identity)
    cluster = _swarm_of(identity.swarm)
    return _swarm_node(cluster, identity, identity.swarm) if cluster is not None else None


def _swarm_of(membership: SwarmMembership) -> Cluster | None:
    """By the Swarm's id, which only managers tell; a worker's by its node, which a manager has told of."""
    swarms = Cluster.objects.filter(kind=Cluster.Kind.SWARM)
    if not membership.cluster_id:
        return swarms.filter(nodes__native_id=membership.node_id).first()
    found = swarms.filter(native_id=membership.cluster_id).first()
    return found or Cluster.objects.create(
        name=_free_name("swarm"), kind=Cluster.Kind.SWARM, native_id=membership.cluster_id
    )


def _free_name(base: str) -> str:
    taken = set(Cluster.objects.filter(name__startswith=base).values_list("name", flat=True))
    names = [base, *(f"{base}-{number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)


def _swarm_node(cluster: Cluster, identity: EngineIdentity, membership: SwarmMembership) -> Node:
    """The node's row; made here for a manager that was never polled as one, so that nothing waits for it."""
    seen = replace(
        node_of_engine(identity),
        native_id=membership.node_id,
        role="manager" if membership.is_manager else "worker",
        address=membership.node_address,
    )
    return _row_of(cluster, seen)


def _single_node(endpoint: EngineEndpoint, identity: EngineIdentity) -> Node:
    cluster = Cluster.objects.filter(kind=Cluster.Kind.ENGINES).first()
    if cluster is None:
        cluster = Cluster.objects.create(name=_free_name("engines"), kind=Cluster.Kind.ENGINES)
    return _row_of(cluster, single_node_info(endpoint, identity, cluster=cluster))


def single_node_info(
    endpoint: EngineEndpoint, identity: EngineIdentity, *, cluster: Cluster
) -> NodeInfo:
    """A copied machine has the engine id of its original: then the host name tells the two apart."""
    seen = node_of_engine(identity)
    twins = Node.objects.filter(cluster=cluster, native_id=seen.native_id)
    is_copy = twins.exclude(hostname=seen.hostname).exclude(endpoint=endpoint).exists()
    return replace(seen, native_id=f"{seen.native_id}@{seen.hostname}"[:128]) if is_copy else seen


def _row_of(cluster: Cluster, seen: NodeInfo) -> Node:
    columns = NODE.own_columns(seen)
    native_id = columns.pop("native_id")
    node, _is_new = Node.objects.select_related("endpoint").get_or_create(
        cluster=cluster, native_id=native_id, defaults=columns
    )
    return node


def _take_over(endpoint: EngineEndpoint, node: Node) -> bool:
    """Whether the node is this address's to show: nobody else's, of one that does not answer, or an agent's."""
    other = EngineEndpoint.objects.filter(node=node).exclude(pk=endpoint.pk).first()
    if other is None:
        return True
    if not (other.failures or _knows_more(endpoint, other)):
        return False
    EngineEndpoint.objects.filter(pk=other.pk).update(node=None)
    return True


def _knows_more(endpoint: EngineEndpoint, other: EngineEndpoint) -> bool:
    """An agent also tells of the host itself, and of the time while the portal was away."""
    agent = EngineEndpoint.Kind.AGENT
    return endpoint.kind == agent != other.kind


def _link(endpoint: EngineEndpoint, node: Node) -> None:
    if endpoint.node_id == node.pk and endpoint.cluster_id == node.cluster_id:
        return
    former = endpoint.node
    endpoint.node, endpoint.cluster = node, node.cluster
    endpoint.save(update_fields=["node", "cluster"])
    if former is not None and former.cluster.kind == Cluster.Kind.ENGINES:
        former.delete()
        _drop_if_empty(former.cluster)


def _drop_if_empty(engines: Cluster) -> None:
    """An engine that was in no Swarm for a moment leaves no empty group of single engines behind."""
    if not engines.nodes.exists() and not engines.endpoints.exists():
        engines.delete()


def _unlink(endpoint: EngineEndpoint, reason: str) -> None:
    endpoint.node, endpoint.last_error = None, reason
    endpoint.save(update_fields=["node", "last_error"])
