"""Gives people and teams roles on namespaces and repositories, and takes them away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.services import record_audit
from apps.registry.models import Grant, Namespace, Repository, Role
from apps.registry.services.namespaces import target_of
from dce_portal.errors import InvalidInput
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from apps.accounts.models import Team, User


@transaction.atomic
def grant_role(
    *,
    namespace: Namespace,
    role: str,
    origin: Origin,
    repository: Repository | None = None,
    person: User | None = None,
    team: Team | None = None,
) -> Grant:
    """Give a role, or change the one that is there; on one repository when it is named."""
    _check(namespace, role=role, repository=repository, holders=[person, team])
    grant, _created = Grant.objects.update_or_create(
        namespace=namespace,
        repository=repository,
        person=person,
        team=team,
        defaults={"role": role},
    )
    _record("grant.give", grant, origin)
    return grant


@transaction.atomic
def revoke_grant(grant: Grant, *, origin: Origin) -> None:
    """Take a role away; registry tokens that are out end within minutes by themselves."""
    _record("grant.revoke", grant, origin)
    grant.delete()


def _check(
    namespace: Namespace,
    *,
    role: str,
    repository: Repository | None,
    holders: list[User | Team | None],
) -> None:
    if role not in Role.values:
        raise InvalidInput(_("%(role)s is no role.") % {"role": role}, field="role")
    if sum(holder is not None for holder in holders) != 1:
        raise InvalidInput(_("Name a person or a team, not both and not neither."), field="person")
    if repository is not None and repository.namespace_id != namespace.pk:
        raise InvalidInput(
            _("%(repository)s does not lie in %(namespace)s.")
            % {"repository": repository.name, "namespace": namespace.name},
            field="repository",
        )


def _record(action: str, grant: Grant, origin: Origin) -> None:
    detail = {
        "role": grant.role,
        "repository": grant.repository.name if grant.repository else "",
        "person": grant.person.get_username() if grant.person else "",
        "team": grant.team.name if grant.team else "",
    }
    record_audit(action, origin=origin, target=target_of(grant.namespace), detail=detail)
