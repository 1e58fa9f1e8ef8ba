"""Makes, changes and removes namespaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from apps.accounts.services import record_audit
from apps.registry.models import Grant, Namespace, Role
from dce_portal.errors import Conflict, InvalidInput
from dce_portal.operations import Target
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from apps.accounts.models import User


@transaction.atomic
def create_namespace(
    *,
    name: str,
    origin: Origin,
    description: str = "",
    is_public: bool = False,
    owner: User | None = None,
) -> Namespace:
    """Make a namespace; `owner` gets the owner's role in it."""
    namespace = Namespace(name=name, description=description, is_public=is_public)
    _validate(namespace)
    namespace.save()
    if owner is not None:
        Grant.objects.create(namespace=namespace, person=owner, role=Role.OWNER)
    detail = {"is_public": is_public, "owner": owner.get_username() if owner else ""}
    record_audit("namespace.create", origin=origin, target=target_of(namespace), detail=detail)
    return namespace


@transaction.atomic
def update_namespace(
    namespace: Namespace,
    *,
    origin: Origin,
    description: str | None = None,
    is_public: bool | None = None,
) -> Namespace:
    """Change description or visibility; None leaves a field as it is."""
    if description is not None:
        namespace.description = description
    if is_public is not None:
        namespace.is_public = is_public
    _validate(namespace)
    namespace.save()
    detail = {"is_public": namespace.is_public, "description": namespace.description}
    record_audit("namespace.update", origin=origin, target=target_of(namespace), detail=detail)
    return namespace


@transaction.atomic
def delete_namespace(namespace: Namespace, *, origin: Origin) -> None:
    """Remove an empty namespace with its grants; Conflict while it holds repositories."""
    target = target_of(namespace)
    try:
        namespace.delete()
    except ProtectedError as error:
        raise Conflict(
            _("%(name)s still holds repositories and was kept; delete their tags first.")
            % {"name": namespace.name}
        ) from error
    record_audit("namespace.delete", origin=origin, target=target)


def target_of(namespace: Namespace) -> Target:
    """How the records name a namespace."""
    return Target("namespace", str(namespace.pk), namespace.name)


def _validate(namespace: Namespace) -> None:
    """Turn the first thing that is wrong into a sentence for the field that caused it."""
    try:
        namespace.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        if Namespace.objects.filter(name=namespace.name).exclude(pk=namespace.pk).exists():
            raise Conflict(messages[0], field=field) from error
        raise InvalidInput(messages[0], field=field) from error
