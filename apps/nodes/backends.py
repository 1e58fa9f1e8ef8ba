"""Which adapter serves a row or a poll target."""

from __future__ import annotations

from apps.nodes.adapters.engine import Engine
from apps.nodes.adapters.engines import SingleEngines
from apps.nodes.adapters.keeper import AgentKeeper
from apps.nodes.adapters.swarm import Swarm
from apps.nodes.models import Cluster
from apps.nodes.ports import AgentKeeperPort, ClusterPort, EngineAddress, EnginePort, Managers
from apps.nodes.selectors import manager_addresses


def engine_port(address: EngineAddress) -> EnginePort:
    """The engine at an address."""
    return Engine(address)


def keeper_port(address: EngineAddress) -> AgentKeeperPort:
    """The keeper of the agent at an address."""
    return AgentKeeper(address)


def swarm_port(managers: Managers) -> ClusterPort:
    """The Swarm behind its managers."""
    return Swarm(managers)


def cluster_port(cluster: Cluster) -> ClusterPort:
    """The cluster of a row."""
    addresses = manager_addresses(cluster)
    if cluster.kind == Cluster.Kind.SWARM:
        return swarm_port(addresses)
    return SingleEngines(addresses)
