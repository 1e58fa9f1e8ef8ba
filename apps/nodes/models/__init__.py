"""Clusters, nodes, their addresses and certificates, and how nodes join."""

from apps.nodes.models.certificate import AgentCertificate
from apps.nodes.models.cluster import Cluster, Condition
from apps.nodes.models.disk import EngineDiskUsage
from apps.nodes.models.endpoint import EngineEndpoint
from apps.nodes.models.event import ClusterEvent
from apps.nodes.models.joining import Join, JoinToken
from apps.nodes.models.node import Node

__all__ = [
    "AgentCertificate",
    "Cluster",
    "ClusterEvent",
    "Condition",
    "EngineDiskUsage",
    "EngineEndpoint",
    "Join",
    "JoinToken",
    "Node",
]
