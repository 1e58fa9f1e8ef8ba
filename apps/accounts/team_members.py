"""Makes and changes teams, and who is in them: administrators all of it, a maintainer the members of the own team."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.audit import record_audit
from apps.accounts.models import Team, TeamMembership, User
from dce_portal.errors import Conflict, InvalidInput, NotFound
from dce_portal.operations import Target
from dce_portal.origin import Origin

MOST_MEMBERS = 1000


def may_maintain(person: Any, team: Team) -> bool:  # noqa: ANN401 - a person or a visitor
    """True for maintainers of the team and for whoever may change teams."""
    if not person.is_active:
        return False
    if person.has_perm("accounts.change_team"):
        return True
    maintainers = team.memberships.filter(role=TeamMembership.Role.MAINTAINER)
    return bool(maintainers.filter(person=person.pk).exists())


@transaction.atomic
def create_team(*, name: str, description: str, origin: Origin) -> Team:
    """Make a team without anyone in it."""
    team = Team(name=name, description=description)
    _validate(team)
    team.save()
    record_audit("team.add", origin=origin, target=_target(team))
    return team


@transaction.atomic
def describe_team(team: Team, *, description: str, origin: Origin) -> None:
    """Change what the team is for; its name stays, since channels and scripts know it."""
    team.description = description
    _validate(team)
    team.save(update_fields=["description"])
    record_audit("team.change", origin=origin, target=_target(team))


@transaction.atomic
def delete_team(team: Team, *, origin: Origin) -> None:
    """Remove a team; its grants go with it."""
    record_audit("team.delete", origin=origin, target=_target(team))
    team.delete()


@transaction.atomic
def put_member(team: Team, *, username: str, role: str, origin: Origin) -> TeamMembership:
    """Take a person into the team, or give another role in it."""
    if role not in TeamMembership.Role.values:
        raise InvalidInput(_("%(role)s is no role.") % {"role": role}, field="role")
    person = User.objects.filter(username=username.replace("\0", "␀"), is_active=True).first()
    if person is None:
        message = _("There is no active person with the user name %(name)s.")
        raise InvalidInput(message % {"name": username[:60]}, field="person")
    known = team.memberships.filter(person=person)
    if not known.exists() and team.memberships.count() >= MOST_MEMBERS:
        raise Conflict(_("The team is full; make another one."))
    membership, _made = TeamMembership.objects.update_or_create(
        team=team, person=person, defaults={"role": role}
    )
    detail = {"person": person.username, "role": role}
    record_audit("team.member.put", origin=origin, target=_target(team), detail=detail)
    return membership


@transaction.atomic
def remove_member(team: Team, *, username: str, origin: Origin) -> None:
    """Take a person out of the team; rights by the team end with the next registry token."""
    gone, _rows = team.memberships.filter(person__username=username.replace("\0", "␀")).delete()
    if not gone:
        message = _("%(name)s is not in this team.") % {"name": username[:60]}
        raise NotFound(message)
    detail = {"person": username}
    record_audit("team.member.remove", origin=origin, target=_target(team), detail=detail)


def _validate(team: Team) -> None:
    try:
        team.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        kind = Conflict if Team.objects.filter(name=team.name).exclude(pk=team.pk) else InvalidInput
        raise kind(messages[0], field=field) from error


def _target(team: Team) -> Target:
    return Target("team", str(team.pk), team.name)
