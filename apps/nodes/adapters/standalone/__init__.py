"""A standalone Swarm through its managers."""

from apps.nodes.adapters.standalone.standalone import StandaloneSwarm

__all__ = ["StandaloneSwarm"]
