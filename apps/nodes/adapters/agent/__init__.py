"""A node's agent: its samples, its keeper of certificates, and its own place on the engine."""

from apps.nodes.adapters.agent.agent import Agent
from apps.nodes.adapters.agent.agent_host import AgentHost
from apps.nodes.adapters.agent.keeper import AgentKeeper

__all__ = ["Agent", "AgentHost", "AgentKeeper"]
