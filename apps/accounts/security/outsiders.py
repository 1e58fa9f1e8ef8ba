"""People whom a directory or a provider vouches for: found or made here, with the groups that follow."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.audit import record_audit
from apps.accounts.models import Team, TeamMembership, User
from apps.accounts.ports import OutsidePerson
from apps.accounts.security.group_map import Places, places_of, ruled_places
from dce_portal.errors import NotAuthenticated
from dce_portal.operations import Target
from dce_portal.origin import Origin


@transaction.atomic
def take_in(
    outside: OutsidePerson, *, source: str, known: User | None, address: str | None
) -> User:
    """The person here: the known one, one of that name who may be taken for them, or a new one."""
    person = known or _by_name(outside, source, address) or _new(outside, source, address)
    if not person.is_active:
        raise NotAuthenticated(_("You may not sign in here any more; ask an administrator."))
    if person.source != source:
        return _linked(person)
    origin = Origin(actor=person, address=address, credential=source)
    _put_in_places(person, outside.groups, origin=origin)
    return person


def _linked(person: User) -> User:
    """One of the portal who linked this identity: who they are and may is the portal's to say, never the provider's."""
    if person.source != User.Source.PORTAL or person.is_superuser:
        raise NotAuthenticated(_("You may not sign in this way; use your password."))
    return person


def _by_name(outside: OutsidePerson, source: str, address: str | None) -> User | None:
    """Who has this user name already; somebody else's name is nobody's to take."""
    person = User.objects.filter(username=outside.username).first()
    if person is None:
        return None
    # Who comes by OpenID is known by the provider's own number; the name alone proves nothing.
    is_same = person.source == source == User.Source.LDAP
    if not is_same and not _may_adopt(person):
        text = _(
            "The user name %(name)s belongs to somebody else here; ask an administrator (DCE_ADOPT_PEOPLE)."
        )
        raise NotAuthenticated(text % {"name": outside.username})
    if not is_same:
        _adopt(person, source, address)
    return person


def _may_adopt(person: User) -> bool:
    """Never a superuser, and nobody whom another outside place vouches for."""
    is_of_portal = person.source == User.Source.PORTAL
    return settings.CONFIGURATION.adopt_people and is_of_portal and not person.is_superuser


def _adopt(person: User, source: str, address: str | None) -> None:
    person.source = source
    person.set_unusable_password()
    person.save(update_fields=["source", "password"])
    origin = Origin(actor=person, address=address, credential=source)
    record_audit("person.adopt", origin=origin, target=_target(person), detail={"by": source})


def _new(outside: OutsidePerson, source: str, address: str | None) -> User:
    person = User(
        username=outside.username,
        first_name=outside.first_name[:150],
        last_name=outside.last_name[:150],
        email=outside.email[:254],
        source=source,
    )
    person.set_unusable_password()
    try:
        person.full_clean()
    except ValidationError as error:
        text = _("The user name %(name)s cannot be used here.") % {"name": outside.username[:150]}
        raise NotAuthenticated(text) from error
    person.save()
    origin = Origin(actor=person, address=address, credential=source)
    record_audit("person.new", origin=origin, target=_target(person), detail={"by": source})
    return person


def _put_in_places(person: User, groups: frozenset[str], *, origin: Origin) -> None:
    """Give what the outside groups say and take what they do not; what no rule names stays."""
    mapping = settings.CONFIGURATION.group_map
    ruled, due = ruled_places(mapping), places_of(groups, mapping)
    has = _places_of_person(person, ruled)
    if has == due:
        return
    person.groups.remove(*Group.objects.filter(name__in=has.groups - due.groups))
    person.groups.add(*Group.objects.filter(name__in=due.groups - has.groups))
    TeamMembership.objects.filter(person=person, team__name__in=has.teams - due.teams).delete()
    for team in Team.objects.filter(name__in=due.teams - has.teams):
        TeamMembership.objects.create(person=person, team=team)
    _note_places(person, has, _places_of_person(person, ruled), origin=origin)


def _places_of_person(person: User, ruled: Places) -> Places:
    groups = person.groups.filter(name__in=ruled.groups).values_list("name", flat=True)
    teams = Team.objects.filter(members=person, name__in=ruled.teams)
    return Places(frozenset(groups), frozenset(teams.values_list("name", flat=True)))


def _note_places(person: User, before: Places, after: Places, *, origin: Origin) -> None:
    """A rule that names a group which is not here changes nothing, and is no news."""
    if before == after:
        return
    detail = {"groups": sorted(after.groups), "teams": sorted(after.teams)}
    record_audit("person.groups", origin=origin, target=_target(person), detail=detail)


def _target(person: User) -> Target:
    return Target("user", str(person.pk), person.get_username())
