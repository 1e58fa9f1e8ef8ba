"""What people do to clusters, nodes and services: each action with its right, its preview and its operation.

The modules of this package register their actions when they are imported, in the order of the buttons.
"""

from apps.nodes.actions import (
    agents,
    availability,
    forgetting,
    labels,
    rebalance,
    removal,
    roles,
    swarm,
    upkeep,
)
from apps.nodes.actions.registry import Action, Wish, action_of, actions_for, register, start_action

__all__ = [
    "Action",
    "Wish",
    "action_of",
    "actions_for",
    "agents",
    "availability",
    "forgetting",
    "labels",
    "rebalance",
    "register",
    "removal",
    "roles",
    "start_action",
    "swarm",
    "upkeep",
]
