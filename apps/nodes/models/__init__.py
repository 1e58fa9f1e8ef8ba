"""Clusters, nodes, their addresses and certificates, and how nodes join."""

from apps.nodes.models.certificate import AgentCertificate
from apps.nodes.models.cluster import Cluster
from apps.nodes.models.endpoint import EngineEndpoint
from apps.nodes.models.event import ClusterEvent
from apps.nodes.models.joining import Join, JoinToken
from apps.nodes.models.node import Node

__all__ = [
    "AgentCertificate",
    "Cluster",
    "ClusterEvent",
    "EngineEndpoint",
    "Join",
    "JoinToken",
    "Node",
]
