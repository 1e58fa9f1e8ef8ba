"""A Swarm through its managers."""

from apps.nodes.adapters.swarm.swarm import Swarm

__all__ = ["Swarm"]
