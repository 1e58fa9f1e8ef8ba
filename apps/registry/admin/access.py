"""Grants, and the logins that docker clients hold."""

from __future__ import annotations

from typing import Any, override

from django.contrib import admin
from django.db.models import ForeignKey, Model, QuerySet
from django.forms import ModelChoiceField, ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.registry import selectors, services
from apps.registry.admin.visible import VisibleRowsAdmin
from apps.registry.models import DockerLogin, Grant
from dce_portal.admin_site import Empty
from dce_portal.origin import Origin
from dce_portal.templatetags.portal import ago


@admin.register(Grant)
class GrantAdmin(VisibleRowsAdmin):
    """Owners of a namespace give and take roles in it; everyone sees the own ones."""

    empty = Empty(
        "key",
        _("No grants yet"),
        _(
            "A grant gives a person or a team a role in a namespace; the namespace's owners make it."
        ),
    )

    audits_itself = True

    list_display = ("namespace", "repository", "person", "team", "role", "created_at")
    list_filter = ("role", ("namespace", admin.RelatedOnlyFieldListFilter))
    search_fields = ("namespace__name", "repository__name", "person__username", "team__name")
    fields = ("namespace", "repository", "person", "team", "role")
    autocomplete_fields = ("repository",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Grant]:
        """All that the person may see."""
        return selectors.grants_visible_to(request.user)

    def get_readonly_fields(
        self, request: HttpRequest, obj: Model | None = None
    ) -> tuple[str, ...]:
        """Of a grant, the role can be changed; anything else is another grant."""
        return () if obj is None else ("namespace", "repository", "person", "team")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """For owners of any namespace; the form offers theirs alone."""
        return selectors.manages_any(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """For owners of its namespace."""
        if isinstance(obj, Grant):
            return selectors.may_manage(request.user, obj.namespace)
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """For owners of its namespace."""
        return self.has_change_permission(request, obj)

    @override
    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        """Offer what the person manages or may see, and people who can sign in."""
        if db_field.name == "namespace":
            kwargs["queryset"] = selectors.namespaces_managed_by(request.user)
        elif db_field.name == "repository":
            kwargs["queryset"] = selectors.repositories_visible_to(request.user)
        elif db_field.name == "person":
            people: Any = db_field.related_model
            kwargs["queryset"] = people.objects.filter(is_active=True).order_by("username")
        field: ModelChoiceField[Any] | None = super().formfield_for_foreignkey(
            db_field, request, **kwargs
        )
        return field

    @override
    def save_model(
        self, request: HttpRequest, obj: Grant, form: ModelForm[Grant], change: bool
    ) -> None:
        """Call the service that does it."""
        grant = services.grant_role(
            namespace=obj.namespace,
            repository=obj.repository,
            person=obj.person,
            team=obj.team,
            role=obj.role,
            origin=Origin.of_request(request),
        )
        obj.pk = grant.pk

    def delete_model(self, request: HttpRequest, obj: Grant) -> None:
        """Call the service that does it."""
        services.revoke_grant(obj, origin=Origin.of_request(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Grant]) -> None:
        """One after the other."""
        for grant in queryset:
            self.delete_model(request, grant)


@admin.register(DockerLogin)
class DockerLoginAdmin(VisibleRowsAdmin):
    """What `docker login` with a password left on a client; revoked here, it ends at once."""

    list_display = ("owner", "client_id", "address", "created", "used", "expires_at", "status")
    list_filter = ("client_id",)
    search_fields = ("owner__username", "address", "client_id")
    list_before_template = "registry/empty_docker_logins.html"
    actions = ("revoke",)
    fields = ("owner", "client_id", "address", "created_at", "last_used_at", "expires_at", "status")

    def get_queryset(self, request: HttpRequest) -> QuerySet[DockerLogin]:
        """The person's own, or all for a superuser."""
        return selectors.docker_logins_visible_to(request.user)

    @admin.action(description=_("Revoke the chosen docker logins"))
    def revoke(self, request: HttpRequest, queryset: QuerySet[DockerLogin]) -> None:
        """End them; the clients are asked to sign in again."""
        logins = list(queryset)
        for login in logins:
            services.revoke_docker_login(login, origin=Origin.of_request(request))
        message = ngettext(
            "%(n)d docker login revoked.", "%(n)d docker logins revoked.", len(logins)
        )
        self.message_user(request, message % {"n": len(logins)})

    @admin.display(description=_("signed in"), ordering="created_at")
    def created(self, login: DockerLogin) -> str:
        """How long ago."""
        return ago(login.created_at)

    @admin.display(description=_("last used"), ordering="last_used_at")
    def used(self, login: DockerLogin) -> str:
        """How long ago."""
        return ago(login.last_used_at)

    @admin.display(description=_("state"))
    def status(self, login: DockerLogin) -> str:
        """In a word."""
        if login.revoked_at is not None:
            return str(_("revoked"))
        return str(_("usable") if login.is_usable else _("expired"))
