"""What retention would do to a namespace now, and the button that does it."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.policies.models import RetentionRule, RetentionRun
from apps.policies.selectors.retention import preview_of
from apps.policies.selectors.visible import editable_namespaces
from apps.policies.services.retention import request_run
from dce_portal.errors import PortalError
from dce_portal.origin import Origin

MOST_SHOWN = 200
RUNS_SHOWN = 10


class RetentionPages:
    """What the rules' admin class adds."""

    admin_site: admin.AdminSite

    def get_urls(self) -> list[URLPattern]:
        """The preview before the theme's own addresses."""
        view = self.admin_site.admin_view(self.preview_view)
        own = path("preview/<int:pk>/", view, name="policies_retention_preview")
        return [own, *cast("Any", super()).get_urls()]

    def preview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Shown before, and on the button's press started."""
        namespace = editable_namespaces(request.user, RetentionRule).filter(pk=pk).first()
        if namespace is None:
            raise Http404
        if request.method == "POST":
            try:
                operation = request_run(namespace, origin=Origin.of_request(request))
            except PortalError as error:
                messages.error(request, error.message)
            else:
                address = reverse("admin:portal_operation_change", args=[operation.pk])
                return HttpResponseRedirect(address)
        found = preview_of(namespace, now=timezone.now(), most=MOST_SHOWN)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Retention in %(name)s") % {"name": namespace.name},
            "namespace": namespace,
            "rules": RetentionRule.objects.filter(namespace=namespace),
            "runs": RetentionRun.objects.filter(namespace=namespace)[:RUNS_SHOWN],
            "most": MOST_SHOWN,
            **found,
        }
        return TemplateResponse(request, "policies/retention.html", context)


def namespaces_with_rules(request: HttpRequest) -> list[Any]:
    """Those whose retention the person may look at and start."""
    rows = editable_namespaces(request.user, RetentionRule).filter(retention_rules__isnull=False)
    return list(rows.distinct().order_by("name")[:100])
