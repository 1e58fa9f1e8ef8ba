"""What the portal asks of the outside, as Protocols and frozen dataclasses; an adapter answers each.

Offered here: what every engine and every cluster has. What only some have is in its own module (`swarm`,
`standalone`, `agent`, `agent_host`, `upkeep`). Every method raises `dce_portal.errors.Unavailable` when
nothing answered in time or the answer cannot be read, with a sentence that names the address and the cause.
"""

from apps.nodes.ports.cluster import (
    Capability,
    ClusterPort,
    ClusterSnapshot,
    Happening,
    Managers,
    NodeChange,
    NodeInfo,
    ServiceInfo,
    TaskInfo,
    node_of_engine,
)
from apps.nodes.ports.engine import (
    ContainerCounters,
    ContainerInfo,
    EngineAddress,
    EngineIdentity,
    EnginePort,
    EngineSnapshot,
    ImageInfo,
    SwarmMembership,
    TlsFiles,
)
from apps.nodes.ports.keeper import AgentKeeperPort, KeptCertificate

__all__ = [
    "AgentKeeperPort",
    "Capability",
    "ClusterPort",
    "ClusterSnapshot",
    "ContainerCounters",
    "ContainerInfo",
    "EngineAddress",
    "EngineIdentity",
    "EnginePort",
    "EngineSnapshot",
    "Happening",
    "ImageInfo",
    "KeptCertificate",
    "Managers",
    "NodeChange",
    "NodeInfo",
    "ServiceInfo",
    "SwarmMembership",
    "TaskInfo",
    "TlsFiles",
    "node_of_engine",
]
