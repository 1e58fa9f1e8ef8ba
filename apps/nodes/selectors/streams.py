"""By which addresses what stays open reaches a node: its engine's own, or its cluster's managers'."""

from __future__ import annotations

from apps.nodes.models import Cluster, EngineEndpoint, Node
from apps.nodes.ports import EngineAddress
from apps.nodes.selectors.addresses import address_of, manager_addresses


def own_endpoint(node: Node) -> EngineEndpoint | None:
    """The address of the node's engine or agent, where the portal has one."""
    endpoint: EngineEndpoint | None = getattr(node, "endpoint", None)
    return endpoint


def engine_addresses(node: Node) -> tuple[EngineAddress, ...]:
    """The node's engine, by its own address or, in a standalone Swarm, by the managers'."""
    endpoint = own_endpoint(node)
    if endpoint is not None:
        return (address_of(endpoint),)
    return manager_addresses(node.cluster) if is_standalone(node.cluster) else ()


def is_standalone(cluster: Cluster) -> bool:
    """Whether its managers know every container."""
    return cluster.kind == Cluster.Kind.STANDALONE


def is_swarm(cluster: Cluster) -> bool:
    """Whether its managers know services and tasks, and no container of other nodes."""
    return cluster.kind == Cluster.Kind.SWARM
