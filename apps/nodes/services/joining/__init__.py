"""Joining: tokens that a person makes, and what a host does with one until the portal has heard its agent."""

from apps.nodes.services.joining.certificates import certify, is_answering, server_name_of
from apps.nodes.services.joining.claims import (
    Finding,
    claim_join,
    findings_of,
    join_of,
    refuse_dead,
    refuse_unusable,
)
from apps.nodes.services.joining.leaving import LeavePlan, end_leave, leaving_join, plan_leave
from apps.nodes.services.joining.results import JoinResult, result_of
from apps.nodes.services.joining.steps import TOPIC, note_step
from apps.nodes.services.joining.swarms import SwarmOrder, planned_action, swarm_order
from apps.nodes.services.joining.throttle import TooManyGuesses
from apps.nodes.services.joining.tokens import (
    IssuedJoinToken,
    JoinWish,
    issue_join_token,
    known_token,
    revoke_join_token,
)

__all__ = [
    "TOPIC",
    "Finding",
    "IssuedJoinToken",
    "JoinResult",
    "JoinWish",
    "LeavePlan",
    "SwarmOrder",
    "TooManyGuesses",
    "certify",
    "claim_join",
    "end_leave",
    "findings_of",
    "is_answering",
    "issue_join_token",
    "join_of",
    "known_token",
    "leaving_join",
    "note_step",
    "plan_leave",
    "planned_action",
    "refuse_dead",
    "refuse_unusable",
    "result_of",
    "revoke_join_token",
    "server_name_of",
    "swarm_order",
]
