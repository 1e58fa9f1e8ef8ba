"""Garbage collection: what it would win, whether the registry takes pushes, what was won before."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.policies import backends
from apps.policies.models import Collection
from apps.policies.models.collection import FINAL_STEPS
from apps.policies.selectors.visible import collections_visible_to, has_right, may_collect
from apps.policies.services.collecting import request_collection
from dce_portal.errors import PortalError
from dce_portal.origin import Origin

ROWS_SHOWN = 20
TONES = {"done": "good", "failed": "bad", "interrupted": "late"}


class GarbagePages:
    """The list is the page."""

    admin_site: admin.AdminSite

    def changelist_view(
        self, request: HttpRequest, *_args: object, **_kwargs: object
    ) -> HttpResponse:
        """Show it, or start what was asked for."""
        user = request.user
        if not (has_right(user, "view", Collection) or may_collect(user)):
            raise PermissionDenied
        if request.method == "POST":
            if not may_collect(user):
                raise PermissionDenied
            answer = _started(request)
            if answer is not None:
                return answer
        context = {**self.admin_site.each_context(request), **garbage_page(user)}
        return TemplateResponse(request, "policies/garbage.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, *_args: object, **_kwargs: object
    ) -> HttpResponse:
        """Each has its operation, which tells more."""
        number = int(object_id) if object_id.isascii() and object_id.isdigit() else 0
        row = collections_visible_to(request.user).filter(pk=number).first()
        if row is None or row.operation is None:
            return HttpResponseRedirect(reverse("admin:policies_collection_changelist"))
        return HttpResponseRedirect(reverse("admin:portal_operation_change", args=[row.operation]))


def garbage_page(user: Any) -> dict[str, Any]:  # noqa: ANN401 - the portal's own kind of user
    """How the registry stands, the latest estimate, and what was won."""
    rows = list(collections_visible_to(user)[:ROWS_SHOWN])
    for row in rows:
        cast("Any", row).tone = TONES.get(row.step, "busy")
    done = [row for row in rows if row.step == Collection.Step.DONE]
    embedded = backends.is_embedded()
    return {
        "title": _("Garbage collection"),
        "is_embedded": embedded,
        "is_read_only": embedded and backends.collector().is_read_only(),
        "rows": rows,
        "busy": next((row for row in rows if row.step not in FINAL_STEPS), None),
        "estimate": next((row for row in done if row.is_dry_run), None),
        "last": next((row for row in rows if not row.is_dry_run), None),
        "may_collect": may_collect(user),
    }


def _started(request: HttpRequest) -> HttpResponse | None:
    is_dry_run = request.POST.get("what") != "collect"
    try:
        operation = request_collection(is_dry_run=is_dry_run, origin=Origin.of_request(request))
    except PortalError as error:
        messages.error(request, error.message)
        return None
    return HttpResponseRedirect(reverse("admin:portal_operation_change", args=[operation.pk]))
