"""The page "Alerts": what is wrong now, first; it moves with the live line."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.alerts.models import Alert
from apps.alerts.pages.links import silence_page
from apps.alerts.selectors.board import board
from apps.alerts.selectors.visible import alerts_visible_to
from apps.alerts.services import acknowledge, take_back
from dce_portal.errors import PortalError
from dce_portal.origin import Origin

MAY_ACKNOWLEDGE = "alerts.acknowledge_alert"


class OpenPages:
    """What the alerts' admin class adds to its pages."""

    admin_site: admin.AdminSite

    def get_urls(self) -> list[URLPattern]:
        """These pages before the theme's own."""
        view = self.admin_site.admin_view
        own = [
            path("open/", view(self.open_page), name="alerts_open"),
            path(
                "<int:pk>/acknowledge/",
                view(require_POST(self.acknowledge_view)),
                name="alerts_acknowledge",
            ),
            path(
                "<int:pk>/take-back/",
                view(require_POST(self.take_back_view)),
                name="alerts_take_back",
            ),
        ]
        return [*own, *cast("Any", super()).get_urls()]

    def open_page(self, request: HttpRequest) -> HttpResponse:
        """What fires, grouped, the worst first; what is explained or pending below."""
        user = cast("Any", request.user)
        if not user.has_perm("alerts.view_alert"):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("Alerts"),
            "may_acknowledge": user.has_perm(MAY_ACKNOWLEDGE),
            "may_see_rules": user.has_perm("alerts.view_alertrule"),
            "silence_url": silence_page() if user.has_perm("alerts.add_silence") else "",
            **board(user),
        }
        return TemplateResponse(request, "alerts/open.html", context)

    def acknowledge_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Somebody takes it."""
        alert = _alert_to_change(request, pk)
        note = request.POST.get("note", "").strip()
        origin, person = Origin.of_request(request), cast("Any", request.user)
        try:
            acknowledge(alert, by=person, note=note, origin=origin)
        except PortalError as error:
            messages.error(request, error.message)
        return _back(request, alert)

    def take_back_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """They do not look after it any more."""
        alert = _alert_to_change(request, pk)
        try:
            take_back(alert, by=cast("Any", request.user), origin=Origin.of_request(request))
        except PortalError as error:
            messages.error(request, error.message)
        return _back(request, alert)


def _alert_to_change(request: HttpRequest, pk: int) -> Alert:
    user = cast("Any", request.user)
    if not user.has_perm(MAY_ACKNOWLEDGE):
        raise PermissionDenied
    alert = alerts_visible_to(user).filter(pk=pk).first()
    if alert is None:
        raise Http404
    return alert


def _back(request: HttpRequest, alert: Alert) -> HttpResponse:
    """To the page where the button was."""
    asked = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()})
    own = reverse("admin:alerts_alert_change", args=[alert.pk])
    return HttpResponseRedirect(asked if is_ours and asked.startswith("/") else own)
