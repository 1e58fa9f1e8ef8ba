"""People, groups and teams in the admin."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.accounts.admin.team_pages import TeamPages
from apps.accounts.models import Team, TeamMembership, User
from apps.accounts.pages.person import PersonSecurityPages, UsefulRights
from apps.accounts.selectors import teams_visible_to
from dce_portal.admin_site import (
    AdminPasswordChangeForm,
    Empty,
    ModelAdmin,
    TabularInline,
    UserChangeForm,
    UserCreationForm,
    display,
)

admin.site.unregister(Group)
# Providers are a matter of settings, and what allauth keeps holds secrets: none of it is edited here.
for _model in (EmailAddress, SocialAccount, SocialApp, SocialToken):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


@admin.register(User)
class UserAdmin(PersonSecurityPages, DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg]  # the theme has no types
    """People; the right to edit them is not the right to all: superusers are a superuser's matter."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "full_name", "email", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser", "groups", "teams")
    ordering = ("username",)
    filter_horizontal = ("groups", "user_permissions")
    readonly_fields = ("last_login", "date_joined")

    @display(description=_("name"))
    def full_name(self, person: User) -> str:
        """First and last name."""
        return person.get_full_name() or "–"

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Close what would raise one's own rights."""
        fields = super().get_readonly_fields(request, obj)
        if request.user.is_superuser:
            return fields
        own = () if request.user.has_perm("auth.change_group") else ("groups",)
        return (*fields, "is_superuser", "is_staff", "user_permissions", *own)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody but a superuser changes one, or sets one's password."""
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody but a superuser deletes one."""
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Refuse a batch that has a superuser in it."""
        texts, counts, lacking, protected = super().get_deleted_objects(objs, request)
        if not all(_may_touch(request, person) for person in objs):
            lacking = {*lacking, str(_("superusers"))}
        return texts, counts, lacking, protected


def _may_touch(request: HttpRequest, person: User | None) -> bool:
    return person is None or request.user.is_superuser or not person.is_superuser


@admin.register(Group)
class GroupAdmin(UsefulRights, DjangoGroupAdmin, ModelAdmin):  # type: ignore[misc]  # the theme has no types
    """Groups of rights; viewer, operator and administrator are there from the start."""


class MembershipInline(TabularInline):
    """Who is in a new team; later there is a form of its own, for maintainers as well."""

    model = TeamMembership
    autocomplete_fields = ("person",)


@admin.register(Team)
class TeamAdmin(TeamPages, ModelAdmin):
    """Teams with their members; grants name them. People see the teams that they are in."""

    empty = Empty(
        "group",
        _("No teams yet"),
        _(
            "A team is given roles in namespaces as a person is; its maintainers say who belongs to it."
        ),
    )

    list_display = ("name", "description", "member_count", "created_at")
    search_fields = ("name", "description", "members__username")
    inlines = (MembershipInline,)
    change_form_outer_before_template = "accounts/team_members.html"

    class Media:
        """The looks of the form for members."""

        css = {"all": ("css/access.css", "css/tokens.css")}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        """The person's own, or all; the members are counted in the same query."""
        visible = teams_visible_to(cast("User", request.user))
        return visible.annotate(members_counted=Count("memberships"))

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        """When it is made."""
        return self.inlines if obj is None else ()

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Who is in a team, and who may see all."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows are narrowed by the query; without any the page is closed."""
        if super().has_view_permission(request, obj):
            return True
        return teams_visible_to(cast("User", request.user)).exists()

    @display(description=_("members"), ordering="members_counted")
    def member_count(self, team: Any) -> int:
        """How many people are in it."""
        return int(team.members_counted)
