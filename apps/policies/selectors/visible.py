"""Which policies a person sees and may change: those of the namespaces that the person owns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.db.models import Count, IntegerField, Model, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from apps.policies.models import Collection, Quota, RetentionRun
from apps.registry.models import Namespace, Repository, Role, Tag
from apps.registry.selectors import (
    Person,
    grants_of,
    manages_any,
    may_manage,
    namespaces_managed_by,
)

if TYPE_CHECKING:
    from apps.accounts.models import User

DELETERS = (Role.MAINTAINER, Role.OWNER)


def has_right(user: Person, verb: str, model: type[Model]) -> bool:
    """Django's permission, which administrators have."""
    meta = model._meta
    person = cast("User", user)
    return person.is_active and person.has_perm(f"{meta.app_label}.{verb}_{meta.model_name}")


def rows_visible_to(user: Person, model: type[Model]) -> QuerySet[Any]:
    """Every row with the right to view them; else those of one's own namespaces, and those for all."""
    rows: QuerySet[Any] = model._default_manager.select_related("namespace")
    if has_right(user, "view", model):
        return rows
    managed = namespaces_managed_by(user)
    mine = Q(namespace__in=managed)
    for_all = model not in (Quota, RetentionRun) and manages_any(user)
    return rows.filter(mine | Q(namespace=None)) if for_all else rows.filter(mine)


def may_edit(user: Person, model: type[Model], namespace: Namespace | None) -> bool:
    """By the permission; owners set the rules of their own namespaces, and nobody's own quota."""
    if has_right(user, "change", model):
        return True
    return namespace is not None and model is not Quota and may_manage(user, namespace)


def may_set_any(user: Person, model: type[Model]) -> bool:
    """Whether there is anything for which the person may set rules of this kind."""
    if has_right(user, "change", model):
        return True
    return model is not Quota and manages_any(user)


def editable_namespaces(user: Person, model: type[Model]) -> QuerySet[Namespace]:
    """Those for which the person may set rules of this kind."""
    if has_right(user, "change", model):
        return Namespace.objects.all()
    return Namespace.objects.none() if model is Quota else namespaces_managed_by(user)


def may_delete_in(user: Person, repository: Repository) -> bool:
    """As the registry itself would have it: maintainers and owners."""
    return role_in(user, repository) in DELETERS


def role_in(user: Person, repository: Repository) -> str:
    """The person's highest role in a repository; empty where there is none."""
    if not user.is_authenticated or not user.is_active:
        return ""
    if getattr(user, "is_superuser", False):
        return Role.OWNER
    here = Q(repository=repository) | Q(repository=None, namespace=repository.namespace_id)
    held = set(grants_of(user).filter(here).values_list("role", flat=True))
    return next((role for role in reversed(Role.values) if role in held), "")


def with_tag_totals(quotas: QuerySet[Quota]) -> QuerySet[Quota]:
    """The same quotas, each with `tag_total`: the tags of its namespace that the registry lists."""
    tags = Tag.objects.filter(repository__namespace=OuterRef("namespace"), missing_since=None)
    counted = tags.order_by().annotate(one=Value(1)).values("one").annotate(rows=Count("pk"))
    total = Coalesce(Subquery(counted.values("rows")), Value(0), output_field=IntegerField())
    return quotas.annotate(tag_total=total)


def may_collect(user: Person) -> bool:
    """Whoever has the permission to collect garbage."""
    person = cast("User", user)
    return person.is_active and person.has_perm("policies.collect_garbage")


def collections_visible_to(user: Person) -> QuerySet[Collection]:
    """All of them, for those who may see any."""
    rows = Collection.objects.all()
    may_see = has_right(user, "view", Collection) or may_collect(user)
    return rows if may_see else rows.none()
