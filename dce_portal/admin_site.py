"""The admin's site and base classes: the only module that knows the theme, so that it can be replaced here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple, cast

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.dispatch import Signal
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin as ThemeModelAdmin
from unfold.admin import StackedInline as ThemeStackedInline
from unfold.admin import TabularInline as ThemeTabularInline
from unfold.decorators import action, display
from unfold.forms import (
    AdminPasswordChangeForm,
    AuthenticationForm,
    UserChangeForm,
    UserCreationForm,
)
from unfold.sites import UnfoldAdminSite
from unfold.views import ChangeList as ThemeChangeList
from unfold.views import UnfoldModelAdminViewMixin as PageViewMixin
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget as CheckboxesWidget
from unfold.widgets import UnfoldAdminPasswordWidget as PasswordWidget
from unfold.widgets import UnfoldAdminSelectWidget as SelectWidget
from unfold.widgets import UnfoldAdminSingleDateWidget as DateWidget
from unfold.widgets import UnfoldAdminTextareaWidget as TextareaWidget
from unfold.widgets import UnfoldAdminTextInputWidget as TextWidget
from unfold.widgets import UnfoldBooleanSwitchWidget as SwitchWidget

from dce_portal.errors import PortalError
from dce_portal.operations import Target
from dce_portal.origin import Origin
from dce_portal.settings.dashboard import DASHBOARD_SELECTOR

__all__ = [
    "AdminPasswordChangeForm",
    "AuthenticationForm",
    "CheckboxesWidget",
    "DateWidget",
    "Empty",
    "KnownValueFilter",
    "ModelAdmin",
    "PageViewMixin",
    "PasswordWidget",
    "PortalAdminSite",
    "ReadOnlyAdmin",
    "SelectWidget",
    "StackedInline",
    "SwitchWidget",
    "TabularInline",
    "TextWidget",
    "TextareaWidget",
    "UserChangeForm",
    "UserCreationForm",
    "action",
    "display",
    "row_edited",
]

# Sent when a person added, changed or deleted a row in the admin; apps.accounts audits it.
row_edited = Signal()


class PortalAdminSite(UnfoldAdminSite):
    """The admin with the dashboard as its first page."""

    index_title = _("Dashboard")

    def has_permission(self, request: HttpRequest) -> bool:
        """Everybody who is signed in may enter; each page then asks for its own right."""
        return request.user.is_active

    def login(
        self, request: HttpRequest, extra_context: Mapping[str, Any] | None = None
    ) -> HttpResponse:
        """Sign in by the settings' view, which knows second factors; there is no other way in."""
        view = import_string(settings.SIGN_IN_VIEW)
        return cast("HttpResponse", view(request, self.each_context(request)))

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Who is not signed in has no site to return to: the way there leads to the same form."""
        context: dict[str, Any] = super().each_context(request)
        return context if self.has_permission(request) else {**context, "site_url": ""}

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Every page's context has the list, which asks for a hundred rights; none of our pages shows it whole."""
        if app_label is not None:
            return super().get_app_list(request, app_label)
        return SimpleLazyObject(partial(super().get_app_list, request))

    def password_change(
        self, request: HttpRequest, extra_context: Mapping[str, Any] | None = None
    ) -> HttpResponse:
        """The portal's own page, which ends the other sessions."""
        return HttpResponseRedirect(reverse(settings.OWN_PASSWORD_VIEW))

    def index(
        self, request: HttpRequest, extra_context: Mapping[str, Any] | None = None
    ) -> TemplateResponse:
        """Show the dashboard; what it shows is gathered by the selector that the settings name."""
        gather = import_string(DASHBOARD_SELECTOR)
        dashboard = gather(request.user, asked=request.GET)
        context = {**(extra_context or {}), **dashboard.get("frame", {}), "dashboard": dashboard}
        response: TemplateResponse = super().index(request, context)
        response.template_name = dashboard.get("template", response.template_name)
        return response


class Empty(NamedTuple):
    """What a list says while it has no rows: what is missing, and what brings the first."""

    icon: str
    title: Promise | str
    text: Promise | str


class KnownValueFilter(admin.SimpleListFilter):
    """Rows by one column whose values are known, so that no table is read for the list of them."""

    parameter_name: str

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those with the chosen value."""
        value = self.value()
        return queryset.filter(**{self.parameter_name: value}) if value else queryset


class ChangeList(ThemeChangeList):
    """A list that offers to show all only where something is left out."""

    def get_results(self, request: HttpRequest) -> None:
        """The theme compares two counts for it, of which ours is one that nobody makes."""
        super().get_results(request)
        if not (self.query or self.get_filters_params()):
            self.full_result_count = self.result_count


class ModelAdmin(ThemeModelAdmin):
    """Lists that stay fast when tables grow."""

    show_full_result_count = False
    list_per_page = 50
    list_filter_submit = False
    compressed_fields = True
    audits_itself = False
    """True where the service that an admin page calls writes the audit entry."""
    empty: Empty | None = None

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[Any]:
        """The one above."""
        return ChangeList

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say our errors as messages; what the request had changed is rolled back by then."""
        try:
            return cast("HttpResponse", super().changeform_view(request, *args, **kwargs))
        except PortalError as error:
            return self._explain(request, error)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say our errors as messages; a NUL is in no value of ours, and PostgreSQL takes none."""
        if "\0" in "".join(value for _name, values in request.GET.lists() for value in values):
            return HttpResponseRedirect(request.path)
        try:
            return cast("HttpResponse", super().changelist_view(request, *args, **kwargs))
        except PortalError as error:
            return self._explain(request, error)

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """Tell the audit as well."""
        self._tell("add", request, obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """Tell the audit as well."""
        self._tell("change", request, obj, detail={"changes": message})
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Tell the audit as well, once for each row."""
        for row in queryset:
            self._tell("delete", request, row)
        return super().log_deletions(request, queryset)

    def _explain(self, request: HttpRequest, error: PortalError) -> HttpResponse:
        self.message_user(request, error.message, messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())

    def _tell(
        self,
        verb: str,
        request: HttpRequest,
        row: Model,
        *,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        if self.audits_itself:
            return
        kind = str(row._meta.model_name)
        row_edited.send(
            type(row),
            action=f"{kind}.{verb}",
            origin=Origin.of_request(request),
            target=Target(kind, str(row.pk), str(row)),
            detail=detail or {},
        )


class ReadOnlyAdmin(ModelAdmin):
    """A mirror or a record: looked at, never edited here; `page_of` fills a row's purpose-made page."""

    def page_of(self, request: HttpRequest, row: Any) -> Mapping[str, Any]:
        """What the row's own template shows; nothing where the theme's is enough."""
        return {}

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The row's page, with what a selector gathered for this person."""
        row = self.get_object(request, object_id)
        may_see = row is not None and self.has_view_permission(request, row)
        context = {**(extra_context or {}), **(self.page_of(request, row) if may_see else {})}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

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
