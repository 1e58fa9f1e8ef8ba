"""People, teams and operations for tests."""

from __future__ import annotations

import factory
from django.contrib.auth.models import Group
from factory.django import DjangoModelFactory

from apps.accounts.models import AuditEvent, PersonalToken, Team, User
from apps.accounts.services import IssuedToken, issue_personal_token
from dce_portal.models import Operation
from dce_portal.origin import PORTAL

PASSWORD = "correct horse battery staple"


class UserFactory(DjangoModelFactory[User]):
    """An active person without any right."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"person-{n}")
    email = factory.LazyAttribute(lambda person: f"{person.username}@example.test")
    password = factory.django.Password(PASSWORD)


class TeamFactory(DjangoModelFactory[Team]):
    class Meta:
        model = Team

    name = factory.Sequence(lambda n: f"team-{n}")


class OperationFactory(DjangoModelFactory[Operation]):
    class Meta:
        model = Operation

    kind = "node.update"
    title = "Drain the node n1"
    actor_label = factory.LazyAttribute(lambda o: o.actor.username if o.actor else "portal")
    actor = factory.SubFactory(UserFactory)
    target_kind = "node"
    target_id = "1"
    target_label = "n1"


class AuditEventFactory(DjangoModelFactory[AuditEvent]):
    class Meta:
        model = AuditEvent

    actor_label = "alice"
    action = "node.update"
    target_label = "n1"


def member_of(person: User, group: str) -> User:
    """Put a person in a ready-made group."""
    person.groups.add(Group.objects.get(name=group))
    return person


def token_of(owner: User, *scopes: str, name: str = "script", **facts: object) -> IssuedToken:
    """A token as the service makes it; `facts` are written past the service (expiry in the past)."""
    issued = issue_personal_token(
        owner=owner,
        name=name,
        scopes=scopes or ("api.read", "api.write"),
        expires_at=None,
        origin=PORTAL,
    )
    if facts:
        PersonalToken.objects.filter(pk=issued.token.pk).update(**facts)
        issued.token.refresh_from_db()
    return issued
