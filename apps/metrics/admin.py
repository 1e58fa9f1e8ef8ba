"""Usage in the admin: the page of outlooks."""

from __future__ import annotations

from typing import Any, cast, override

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.metrics.models import Outlook
from apps.metrics.outlooks.page import outlook_page
from dce_portal.admin_site import ReadOnlyAdmin

OUTLOOKS = "admin:metrics_outlook_changelist"


@admin.register(Outlook)
class OutlookAdmin(ReadOnlyAdmin):
    """Its list is the page of outlooks, for those who may see clusters; there is no page of a single one."""

    @override
    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whoever sees a cluster sees what it is expected to use."""
        return self.has_view_permission(request)

    @override
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As above."""
        return bool(cast("Any", request.user).has_perm("nodes.view_cluster"))

    @override
    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The address keeps the cluster and how far ahead, so it can be shared."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        user, asked = cast("Any", request.user), request.GET
        context = {
            **self.admin_site.each_context(request),
            **outlook_page(
                user, cluster=asked.get("cluster", ""), horizon=asked.get("horizon", "")
            ),
            "title": _("Outlook"),
            "opts": self.opts,
        }
        return TemplateResponse(request, "metrics/outlook_page.html", context)

    @override
    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """An outlook is a line of the page."""
        return HttpResponseRedirect(reverse(OUTLOOKS))
