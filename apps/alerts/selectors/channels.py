"""Which channels, routes, silences and deliveries a person may see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.alerts.models import Channel, Delivery, QuietHours, Route, Silence
from apps.alerts.rules.problems import problem_in_words
from apps.alerts.selectors.credentials import about_others

Viewer = User | AnonymousUser
RECENT = 10
TONES: Mapping[str, str] = {
    "waiting": "busy",
    "sending": "busy",
    "sent": "good",
    "failed": "late",
    "given_up": "bad",
    "held": "off",
    "caught_up": "off",
    "silenced": "off",
}


def channels_visible_to(user: Viewer) -> QuerySet[Channel]:
    """All of them, without their addresses, for those who may see channels."""
    rows = Channel.objects.prefetch_related("teams")
    return rows if user.is_active and user.has_perm("alerts.view_channel") else rows.none()


def channels_usable_by(user: Viewer) -> QuerySet[Channel]:
    """Those to which a person may lead alerts: all, or only the open ones and those of the own teams."""
    rows = channels_visible_to(user)
    if user.has_perm("alerts.change_channel"):
        return rows
    return rows.filter(Q(teams__isnull=True) | Q(teams__members=user.pk)).distinct()


def routes_visible_to(user: Viewer) -> QuerySet[Route]:
    """All of them, for those who may see routes."""
    rows = Route.objects.prefetch_related("channels", "rules", "clusters", "teams")
    return rows if user.is_active and user.has_perm("alerts.view_route") else rows.none()


def silences_visible_to(user: Viewer) -> QuerySet[Silence]:
    """All of them, for those who may see silences."""
    rows = Silence.objects.select_related("rule", "cluster", "created_by")
    return rows if user.is_active and user.has_perm("alerts.view_silence") else rows.none()


def quiet_hours_visible_to(user: Viewer) -> QuerySet[QuietHours]:
    """All of them, for those who may see quiet hours."""
    rows = QuietHours.objects.prefetch_related("channels")
    return rows if user.is_active and user.has_perm("alerts.view_quiethours") else rows.none()


def deliveries_visible_to(user: Viewer) -> QuerySet[Delivery]:
    """What was told, for those who may see it; of tokens and robots only what their alerts show them."""
    rows = Delivery.objects.select_related("channel")
    if not (user.is_active and user.has_perm("alerts.view_delivery")):
        return rows.none()
    others = Delivery.objects.filter(about_others(user, "alerts__"))
    return rows.exclude(pk__in=others.values("pk"))


def result_of(row: Channel | Delivery) -> str:
    """The last result in words; empty where all is well."""
    if isinstance(row, Channel):
        return problem_in_words(row.last_problem, detail=row.last_detail, status=row.last_status)
    return problem_in_words(row.problem, detail=row.detail, status=row.status)


def channel_state(channel: Channel) -> str:
    """One word of `TONES`' family: off, untried, works, fails."""
    if not channel.is_enabled:
        return "off"
    if channel.failures:
        return "fails"
    return "works" if channel.last_ok_at else "untried"


def recent_deliveries(user: Viewer, channel: Channel) -> list[dict[str, Any]]:
    """The last messages of a channel, for its page."""
    rows = deliveries_visible_to(user).filter(channel=channel)[:RECENT]
    return [{"row": row, "tone": TONES[row.state], "result": result_of(row)} for row in rows]
