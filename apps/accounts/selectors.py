"""What reads in this app."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, QuerySet
from django.utils import timezone

from apps.accounts.audit_records import audit_record
from apps.accounts.issued_models import WARN_BEFORE
from apps.accounts.models import AuditEvent, PersonalToken, Team, TeamMembership, User

__all__ = [
    "audit_after",
    "audit_record",
    "expiring_tokens_of",
    "latest_audit_number",
    "teams_maintained_by",
    "teams_visible_to",
    "tokens_of",
    "tokens_visible_to",
]


def tokens_of(person: User) -> QuerySet[PersonalToken]:
    """A person's own tokens, revoked and expired ones too."""
    return PersonalToken.objects.filter(owner=person)


def tokens_visible_to(user: User | AnonymousUser) -> QuerySet[PersonalToken]:
    """A person's own tokens; everybody's for an administrator, who sees no secret either."""
    tokens = PersonalToken.objects.select_related("owner")
    if user.has_perm("accounts.view_personaltoken"):
        return tokens
    return tokens.filter(owner_id=user.pk) if user.pk else tokens.none()


def teams_visible_to(user: User | AnonymousUser) -> QuerySet[Team]:
    """The teams that a person is in; all of them with the right to view teams."""
    teams = Team.objects.annotate(member_count=Count("memberships"))
    if user.has_perm("accounts.view_team"):
        return teams
    own = Team.objects.filter(members=user.pk) if user.pk else Team.objects.none()
    return teams.filter(pk__in=own)


def teams_maintained_by(user: User | AnonymousUser) -> QuerySet[Team]:
    """The teams whose members the person may change."""
    if user.has_perm("accounts.change_team"):
        return Team.objects.all()
    mine = TeamMembership.objects.filter(person=user.pk, role=TeamMembership.Role.MAINTAINER)
    return Team.objects.filter(pk__in=mine.values("team")) if user.pk else Team.objects.none()


def expiring_tokens_of(person: User) -> QuerySet[PersonalToken]:
    """The person's own tokens that end soon, the nearest first."""
    now = timezone.now()
    alive = PersonalToken.objects.filter(owner=person, revoked_at=None, expires_at__gt=now)
    return alive.filter(expires_at__lte=now + WARN_BEFORE).order_by("expires_at")


def latest_audit_number() -> int:
    """The number of the newest audit entry; 0 without any."""
    return AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def audit_after(number: int, *, most: int) -> list[AuditEvent]:
    """The next entries in the order of their numbers."""
    return list(AuditEvent.objects.filter(pk__gt=number).order_by("pk")[:most])
