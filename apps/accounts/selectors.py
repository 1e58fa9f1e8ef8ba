"""What reads in this app."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, QuerySet

from apps.accounts.models import PersonalToken, Team, User


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
