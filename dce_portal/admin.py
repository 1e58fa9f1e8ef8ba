"""Operations in the admin: the list, and a page that follows one live."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from dce_portal import operations
from dce_portal.admin_site import Empty, ReadOnlyAdmin, display
from dce_portal.models import Operation
from dce_portal.operation_page import operation_page, tone_of_operation, took
from dce_portal.templatetags.portal import NOTHING, SHAPES, ago

STATE_LABELS = {
    "queued": "info",
    "running": "info",
    "succeeded": "success",
    "failed": "danger",
    "cancelled": "",
}


@admin.register(Operation)
class OperationAdmin(ReadOnlyAdmin):
    """What people started: one's own, or all with the right to view operations."""

    empty = Empty(
        "play_circle",
        _("No operations yet"),
        _(
            "What takes longer than a page runs as an operation, shows its progress here and can be cancelled."
        ),
    )

    list_display = ("title", "state_label", "target_label", "actor_label", "asked", "took")
    list_filter = ("state", "kind")
    search_fields = ("title", "actor_label", "target_label", "target_id")
    date_hierarchy = "created_at"
    fields = ("title",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Operation]:
        """What this person may see, without the long texts in lists."""
        return operations.operations_visible_to(request.user)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Everybody may start something."""
        return request.user.is_active

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows are narrowed by the query."""
        return request.user.is_active

    @display(description=_("state"), ordering="state", label=STATE_LABELS)
    def state_label(self, row: Operation) -> tuple[str, str]:
        """A shape and a word."""
        return row.state, f"{SHAPES[tone_of_operation(row)]} {row.get_state_display()}"

    @display(description=_("started"), ordering="created_at")
    def asked(self, row: Operation) -> str | SafeString:
        """How long ago."""
        return ago(row.created_at)

    @display(description=_("took"))
    def took(self, row: Operation) -> str:
        """How long it ran."""
        return took(row) or NOTHING

    def page_of(self, request: HttpRequest, row: Operation) -> Mapping[str, Any]:
        """How it stands, and whether this person may cancel."""
        page = operation_page(request, row)
        return {**page, "may_cancel": operations.may_cancel(request.user, row)}

    def get_urls(self) -> list[URLPattern]:
        """The cancel button of an operation's page."""
        view = self.admin_site.admin_view(require_POST(self.cancel_view))
        name = "portal_operation_cancel"
        return [path("<uuid:pk>/cancel/", view, name=name), *super().get_urls()]

    def cancel_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Ask the operation to stop."""
        operation = get_object_or_404(self.get_queryset(request), pk=pk)
        if not operations.may_cancel(request.user, operation):
            text, level = _("Only the person who started it may cancel this operation."), 40
        elif operations.request_cancel(operation):
            text, level = _("The operation was asked to stop."), 25
        else:
            text, level = _("The operation is over already; nothing was changed."), 30
        messages.add_message(request, level, text)
        return HttpResponseRedirect(reverse("admin:portal_operation_change", args=[pk]))
