"""The page "Check": whether the registry and the portal understand each other, and the key that signs."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST

from apps.registry.pages import check_page
from apps.registry.services import request_key_rotation
from dce_portal.errors import PortalError
from dce_portal.origin import Origin

MAY_CHECK, MAY_ROTATE = "registry.check_registry", "registry.rotate_keys"


class CheckPages:
    """What the events' admin class adds to its pages."""

    admin_site: admin.AdminSite

    def get_urls(self) -> list[URLPattern]:
        """These pages before the theme's own."""
        view = self.admin_site.admin_view
        rotate = view(require_POST(self.rotate_view))
        own = [
            path("check/", view(self.check_view), name="registry_check"),
            path("check/rotate/", rotate, name="registry_rotate_keys"),
        ]
        return [*own, *cast("Any", super()).get_urls()]

    def check_view(self, request: HttpRequest) -> HttpResponse:
        """Every finding, then the key."""
        user = cast("Any", request.user)
        if not user.has_perm(MAY_CHECK):
            raise PermissionDenied
        may_rotate = user.has_perm(MAY_ROTATE)
        context = {
            **self.admin_site.each_context(request),
            **check_page(shows_bundle=may_rotate and bool(settings.REGISTRY_URL)),
            "title": pgettext("of the registry", "Check"),
            "may_rotate": may_rotate,
        }
        return TemplateResponse(request, "registry/check.html", context)

    def rotate_view(self, request: HttpRequest) -> HttpResponse:
        """Start the change of the key, or go on with it."""
        if not cast("Any", request.user).has_perm(MAY_ROTATE):
            raise PermissionDenied
        try:
            operation = request_key_rotation(origin=Origin.of_request(request))
        except PortalError as error:
            messages.error(request, error.message)
            return HttpResponseRedirect(reverse("admin:registry_check"))
        return HttpResponseRedirect(reverse("admin:portal_operation_change", args=[operation.pk]))
