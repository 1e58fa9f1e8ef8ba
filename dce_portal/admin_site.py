"""The admin's site and base classes: the only module that knows the theme, so that it can be replaced here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin as ThemeModelAdmin
from unfold.admin import StackedInline as ThemeStackedInline
from unfold.admin import TabularInline as ThemeTabularInline
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.sites import UnfoldAdminSite
from unfold.views import UnfoldModelAdminViewMixin as PageViewMixin

from dce_portal.settings.dashboard import DASHBOARD_SELECTOR

__all__ = [
    "AdminPasswordChangeForm",
    "ModelAdmin",
    "PageViewMixin",
    "PortalAdminSite",
    "ReadOnlyAdmin",
    "StackedInline",
    "TabularInline",
    "UserChangeForm",
    "UserCreationForm",
    "action",
    "display",
]


class PortalAdminSite(UnfoldAdminSite):
    """The admin with the dashboard as its first page."""

    index_title = _("Dashboard")
    enable_nav_sidebar = False

    def index(
        self, request: HttpRequest, extra_context: Mapping[str, Any] | None = None
    ) -> TemplateResponse:
        """Show the dashboard; what it shows is gathered by the selector that the settings name."""
        gather = import_string(DASHBOARD_SELECTOR)
        dashboard = gather(request.user, cluster=request.GET.get("cluster"))
        context = {**(extra_context or {}), "dashboard": dashboard}
        response: TemplateResponse = super().index(request, context)
        return response


class ModelAdmin(ThemeModelAdmin):
    """Lists that stay fast when tables grow."""

    show_full_result_count = False
    list_per_page = 50
    list_filter_submit = False
    compressed_fields = True


class ReadOnlyAdmin(ModelAdmin):
    """A mirror or a record: looked at, never edited here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds rows by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody changes rows by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes rows by hand."""
        return False


class TabularInline(ThemeTabularInline):
    """Rows of a related model inside a page."""

    extra = 0


class StackedInline(ThemeStackedInline):
    """Related forms inside a page."""

    extra = 0


site = admin.site
