"""Reads of join tokens and joins."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.nodes.joining.steps import in_words
from apps.nodes.models import Cluster, Join, JoinToken

MOST_ROWS = 100
JUST_ENDED = timedelta(minutes=10)
STILL_MOVING = timedelta(hours=1)
TONES = {
    Join.State.RUNNING: "busy",
    Join.State.SUCCEEDED: "good",
    Join.State.FAILED: "bad",
    Join.State.LEFT: "off",
}


def join_tokens_visible_to(user: User) -> QuerySet[JoinToken]:
    """Every token for those who may see them; none of them shows its secret."""
    rows = JoinToken.objects.select_related("cluster", "created_by")
    return rows if user.is_active and user.has_perm("nodes.view_jointoken") else rows.none()


def joins_visible_to(user: User) -> QuerySet[Join]:
    """Every join for those who may see them."""
    rows = Join.objects.select_related("token", "node")
    return rows if user.is_active and user.has_perm("nodes.view_join") else rows.none()


def may_watch_joins(user: User, ref: str) -> bool:
    """Whether the person may follow joins live: there is one topic for all of them."""
    return ref == "all" and user.has_perm("nodes.view_join")


def joins_under_way(user: User) -> list[dict[str, Any]]:
    """What the dashboard shows: joins that move, and those that ended a moment ago."""
    now = timezone.now()
    moving = Q(state=Join.State.RUNNING, updated_at__gte=now - STILL_MOVING)
    ended = Q(updated_at__gte=now - JUST_ENDED) & ~Q(state=Join.State.LEFT)
    rows = joins_visible_to(user).filter(moving | ended).order_by("-updated_at")[:5]
    return [_shown(join) for join in rows]


def add_nodes_page(user: User) -> dict[str, Any]:
    """Tokens and joins of the page, newest first."""
    return {
        "tokens": [_shown_token(token) for token in join_tokens_visible_to(user)[:MOST_ROWS]],
        "joins": [_shown(join) for join in joins_visible_to(user)[:MOST_ROWS]],
        "may_add": user.has_perm("nodes.add_jointoken"),
        "may_revoke": user.has_perm("nodes.delete_jointoken"),
    }


def swarms() -> QuerySet[Cluster]:
    """What a new host can join."""
    return Cluster.objects.filter(kind=Cluster.Kind.SWARM)


def _shown(join: Join) -> dict[str, Any]:
    return {
        "join": join,
        "tone": TONES[Join.State(join.state)],
        "steps": in_words(join.steps),
        "is_silent": join.state == Join.State.RUNNING
        and timezone.now() - join.updated_at > JUST_ENDED,
    }


def _shown_token(token: JoinToken) -> dict[str, Any]:
    """A token with the word for its state: usable, used, expired or revoked."""
    if token.revoked_at:
        state = "revoked"
    elif token.expires_at <= timezone.now():
        state = "expired"
    else:
        state = "usable" if token.is_usable else "used"
    return {"token": token, "state": state, "is_alive": state in {"usable", "used"}}
