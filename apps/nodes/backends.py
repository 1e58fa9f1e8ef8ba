"""Which adapter serves a row or a poll target."""

from __future__ import annotations

from apps.nodes.adapters.engine import Engine
from apps.nodes.adapters.engines import SingleEngines
from apps.nodes.adapters.etcd import Etcd
from apps.nodes.adapters.standalone import StandaloneSwarm
from apps.nodes.adapters.swarm import Swarm
from apps.nodes.models import Cluster
from apps.nodes.ports import ClusterPort, EngineAddress, EnginePort, Managers
from apps.nodes.selectors import manager_addresses
from apps.nodes.standalone_ports import DiscoveryPort, StandalonePort


def engine_port(address: EngineAddress) -> EnginePort:
    """The engine at an address."""
    return Engine(address)


def swarm_port(managers: Managers) -> ClusterPort:
    """The Swarm behind its managers."""
    return Swarm(managers)


def standalone_port(managers: Managers) -> StandalonePort:
    """The standalone Swarm behind its managers."""
    return StandaloneSwarm(managers)


def discovery_port(address: EngineAddress) -> DiscoveryPort:
    """The key store of a standalone Swarm."""
    return Etcd(address)


def cluster_port(cluster: Cluster) -> ClusterPort:
    """The cluster of a row."""
    addresses = manager_addresses(cluster)
    if cluster.kind == Cluster.Kind.SWARM:
        return swarm_port(addresses)
    if cluster.kind == Cluster.Kind.STANDALONE:
        return standalone_port(addresses)
    return SingleEngines(addresses)
