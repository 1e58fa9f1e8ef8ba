"""Namespaces, with the grants in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, override

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.registry import pages, selectors, services
from apps.registry.admin.access_page import AccessPages
from apps.registry.admin.visible import VisibleRowsAdmin
from apps.registry.hosts import registry_host
from apps.registry.models import Grant, Namespace
from dce_portal.admin_site import TabularInline
from dce_portal.origin import Origin
from dce_portal.templatetags.portal import NOTHING, bytes_human


class GrantInline(TabularInline):
    """Who may do what here; changed on the grants' own page."""

    model = Grant
    fields = ("repository", "person", "team", "role", "created_at")
    readonly_fields = fields
    can_delete = False
    show_change_link = True
    verbose_name_plural = _("Grants")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Grant]:
        """Owners see all grants, others their own."""
        return selectors.grants_visible_to(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """The rows are the person's business already."""
        return True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Not inline."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Not inline."""
        return False


@admin.register(Namespace)
class NamespaceAdmin(AccessPages, VisibleRowsAdmin):
    """Made by those with the right to, changed by their owners."""

    audits_itself = True

    list_display = ("name", "description", "visibility", "repository_count", "size", "created_at")
    list_filter = ("is_public",)
    search_fields = ("name", "description")
    list_before_template = "registry/empty_namespaces.html"
    fields = ("name", "description", "is_public")
    inlines = (GrantInline,)

    def page_of(self, request: HttpRequest, row: Namespace) -> Mapping[str, Any]:
        """Its repositories and their sizes, above the form."""
        page = pages.namespace_page(request.user, row)
        return {**page, "registry_host": registry_host(request)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Namespace]:
        """All that the person may see, with their counts."""
        visible = selectors.namespaces_visible_to(request.user)
        counted = selectors.with_repository_counts(visible, request.user)
        return selectors.with_whole(counted, request.user)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """With its age once the namespace exists."""
        return self.fields if obj is None else (*self.fields, "created_at")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Model | None = None
    ) -> tuple[str, ...]:
        """The name is part of every image's name, and stays."""
        return ("created_at",) if obj is None else ("name", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """By Django's permission."""
        return request.user.has_perm("registry.add_namespace")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """For its owners."""
        if isinstance(obj, Namespace):
            return selectors.may_manage(request.user, obj)
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """For superusers, and only while it is empty."""
        return request.user.is_superuser

    @override
    def save_model(
        self, request: HttpRequest, obj: Namespace, form: ModelForm[Namespace], change: bool
    ) -> None:
        """Call the service that does it; who makes a namespace owns it."""
        wish: dict[str, Any] = {"description": obj.description, "is_public": obj.is_public}
        origin = Origin.of_request(request)
        if change:
            services.update_namespace(obj, **wish, origin=origin)
            return
        owner: Any = request.user
        made = services.create_namespace(name=obj.name, **wish, owner=owner, origin=origin)
        obj.pk = made.pk

    def delete_model(self, request: HttpRequest, obj: Namespace) -> None:
        """Call the service that does it."""
        services.delete_namespace(obj, origin=Origin.of_request(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Namespace]) -> None:
        """One after the other."""
        for namespace in queryset:
            self.delete_model(request, namespace)

    @admin.display(description=_("size"), ordering="stored_bytes")
    def size(self, namespace: Namespace) -> str:
        """Each blob once; of what a person sees in part, the namespace's own page says how much."""
        is_whole: bool = namespace.is_whole  # type: ignore[attr-defined]  # annotated by the selector
        return bytes_human(namespace.stored_bytes) if is_whole else NOTHING

    @admin.display(description=_("visibility"), ordering="is_public")
    def visibility(self, namespace: Namespace) -> str:
        """In a word: being private is the usual state, no fault."""
        return str(_("public") if namespace.is_public else _("private"))

    @admin.display(description=_("repositories"))
    def repository_count(self, namespace: Namespace) -> int:
        """How many it holds."""
        count: int = namespace.repository_count  # type: ignore[attr-defined]  # annotated by the selector
        return count
