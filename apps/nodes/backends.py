"""Which adapter serves a row or a poll target."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.nodes.adapters.agent import Agent, AgentHost, AgentKeeper
from apps.nodes.adapters.engine import Engine, EngineUpkeep, SingleEngines
from apps.nodes.adapters.engine.console import EngineConsoles
from apps.nodes.adapters.engine.logs import EngineLogs
from apps.nodes.adapters.etcd import Etcd
from apps.nodes.adapters.standalone import StandaloneSwarm
from apps.nodes.adapters.standalone.streams import StandaloneConsoles, StandaloneLogs
from apps.nodes.adapters.swarm import Swarm
from apps.nodes.models import Cluster
from apps.nodes.ports import (
    AgentKeeperPort,
    Capability,
    ClusterPort,
    EngineAddress,
    EnginePort,
    Managers,
)
from apps.nodes.ports.agent import AgentPort
from apps.nodes.ports.agent_host import AgentHostPort
from apps.nodes.ports.standalone import DiscoveryPort, StandalonePort
from apps.nodes.ports.streams import Addresses, ConsolePort, LogsPort
from apps.nodes.ports.swarm import SwarmPort
from apps.nodes.ports.upkeep import UpkeepPort
from apps.nodes.selectors import manager_addresses
from dce_portal.errors import Unsupported


def engine_port(address: EngineAddress) -> EnginePort:
    """The engine at an address."""
    return Engine(address)


def agent_port(address: EngineAddress) -> AgentPort:
    """The agent at an address."""
    return Agent(address)


def keeper_port(address: EngineAddress) -> AgentKeeperPort:
    """The keeper of the agent at an address."""
    return AgentKeeper(address)


def swarm_port(managers: Managers) -> ClusterPort:
    """The Swarm behind its managers."""
    return Swarm(managers)


def upkeep_port(address: EngineAddress) -> UpkeepPort:
    """The disk and the lock of the engine at an address."""
    return EngineUpkeep(address)


def agent_host_port(address: EngineAddress) -> AgentHostPort:
    """The engine behind an agent, for putting another agent in its place."""
    return AgentHost(address)


def swarm_of(cluster: Cluster) -> SwarmPort:
    """The Swarm of a row, for what is about all of it."""
    if cluster.kind != Cluster.Kind.SWARM:
        raise Unsupported(_("Only a Swarm has managers, join tokens and a lock."))
    return Swarm(manager_addresses(cluster))


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


def capabilities_of(cluster: Cluster) -> Capability:
    """What the cluster's backend can do, without opening anything."""
    return Swarm.capabilities if cluster.kind == Cluster.Kind.SWARM else SingleEngines.capabilities


def logs_port(addresses: Addresses, *, of_standalone: bool = False) -> LogsPort:
    """The logs behind an engine's or agent's address, a Swarm's managers', or a standalone Swarm's."""
    return StandaloneLogs(addresses) if of_standalone else EngineLogs(addresses)


def console_port(addresses: Addresses, *, of_standalone: bool = False) -> ConsolePort:
    """Consoles behind an engine's or agent's address, or a standalone Swarm's managers'."""
    return StandaloneConsoles(addresses) if of_standalone else EngineConsoles(addresses)
