"""The heartbeat outwards: one page with its form and its last result."""

from __future__ import annotations

from typing import Any, cast, override

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.alerts import backends
from apps.alerts.forms.channels import HeartbeatForm
from apps.alerts.models import Heartbeat
from apps.alerts.rules.problems import problem_in_words
from apps.alerts.services.pulse import ENGINES, POLLS, RULES, change_heartbeat, heartbeat
from dce_portal.admin_site import ReadOnlyAdmin
from dce_portal.errors import PortalError
from dce_portal.origin import Origin

PAGE = "admin:alerts_heartbeat_changelist"
WITHHELD = {
    POLLS: _("The poll worker is silent, so no sign of life is sent."),
    ENGINES: _("No engine answered for two minutes, so no sign of life is sent."),
    RULES: _("The rules were not looked at for two minutes, so no sign of life is sent."),
}


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    """Its list is the page."""

    audits_itself = True

    @override
    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the page, or keep what was said."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = heartbeat()
        initial = {"interval_s": row.interval_s, "is_enabled": row.is_enabled}
        if request.method != "POST":
            return self._page(request, row, HeartbeatForm(initial=initial))
        if not may_change(request):
            raise PermissionDenied
        return self._kept(request, row, HeartbeatForm(request.POST))

    @override
    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """There is one page."""
        return HttpResponseRedirect(reverse(PAGE))

    def _kept(self, request: HttpRequest, row: Heartbeat, form: HeartbeatForm) -> HttpResponse:
        if not form.is_valid():
            return self._page(request, row, form)
        try:
            change_heartbeat(
                **form.cleaned_data,
                notifier=backends.notifier(),
                origin=Origin.of_request(request),
            )
        except PortalError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
            return self._page(request, row, form)
        self.message_user(request, _("The heartbeat was kept."), messages.SUCCESS)
        return HttpResponseRedirect(reverse(PAGE))

    def _page(self, request: HttpRequest, row: Heartbeat, form: HeartbeatForm) -> HttpResponse:
        everywhere = self.admin_site.each_context(request)
        problem = problem_in_words(row.last_problem, detail=row.last_detail, status=row.last_status)
        context = {
            "title": _("Heartbeat"),
            "heartbeat": row,
            "form": form,
            "problem": problem,
            "withheld": WITHHELD.get(row.withheld, ""),
            "may_save": may_change(request),
            "opts": self.opts,
        }
        return TemplateResponse(request, "alerts/heartbeat.html", {**everywhere, **context})


def may_change(request: HttpRequest) -> bool:
    """By Django's permission; the list itself is read-only to the theme."""
    return bool(cast("Any", request.user).has_perm("alerts.change_heartbeat"))
