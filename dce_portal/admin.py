"""Operations in the admin: the list, and a page that follows one live."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import Script
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from dce_portal import operations
from dce_portal.admin_site import ReadOnlyAdmin
from dce_portal.models import Operation


@admin.register(Operation)
class OperationAdmin(ReadOnlyAdmin):
    """What people started: one's own, or all with the right to view operations."""

    list_display = ("title", "state", "target_label", "actor_label", "created_at", "finished_at")
    list_filter = ("state", "kind")
    search_fields = ("title", "actor_label", "target_label", "target_id")
    date_hierarchy = "created_at"
    change_form_outer_before_template = "admin/portal/operation/live.html"
    fields = (
        "title",
        "kind",
        "target_kind",
        "target_label",
        "actor_label",
        "credential",
        "address",
        "created_at",
        "started_at",
        "finished_at",
    )

    class Media:
        """The script that follows the operation, and its looks."""

        css = {"all": ("css/access.css",)}
        js = (Script("js/operation.js", type="module"),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Operation]:
        """What this person may see, without the long texts in lists."""
        return operations.operations_visible_to(request.user)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Everybody may start something."""
        return request.user.is_active

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows are narrowed by the query."""
        return request.user.is_active

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Add whether this person may cancel."""
        operation = self.get_object(request, object_id)
        may_cancel = operation is not None and operations.may_cancel(request.user, operation)
        context = {**(extra_context or {}), "may_cancel": may_cancel}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

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
