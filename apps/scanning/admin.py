"""Scan reports and policies in the admin."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from apps.registry.selectors import repositories_visible_to
from apps.scanning import backends
from apps.scanning.forms.policies import ScanPolicyForm
from apps.scanning.models import Sbom, ScanPolicy, ScanReport
from apps.scanning.pages import counts, may_scan, report_page, tone_of
from apps.scanning.selectors import reports_visible_to
from apps.scanning.services.policies import delete_policy, save_policy
from apps.scanning.services.requesting import start_scan
from dce_portal.admin_site import ModelAdmin, ReadOnlyAdmin, display
from dce_portal.errors import PortalError
from dce_portal.origin import Origin
from dce_portal.templatetags.portal import NOTHING, SHAPES, ago, short_id

LABELS = {"good": "success", "late": "warning", "bad": "danger", "busy": "info"}


@admin.register(ScanReport)
class ScanReportAdmin(ReadOnlyAdmin):
    """What was found, in images that the person may pull."""

    list_display = ("image", "standing", "found", "system", "scanned")
    list_filter = ("state",)
    search_fields = ("place", "digest")
    ordering = ("-critical", "-high", "-pk")
    fields = ("digest",)
    list_before_template = "scanning/reports_before.html"

    class Media:
        """The severities."""

        css = {"all": ("css/exchange.css",)}

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Everyone who is signed in, as for repositories."""
        return request.user.is_active

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Everyone; the query holds back what lies in others' repositories."""
        return request.user.is_active

    def get_queryset(self, request: HttpRequest) -> QuerySet[ScanReport]:
        """All that the person may see."""
        return reports_visible_to(request.user)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Say it where there is no scanner."""
        context = {**(extra_context or {}), "has_scanner": backends.scanner() is not None}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def page_of(self, request: HttpRequest, row: ScanReport) -> Mapping[str, Any]:
        """The report whole."""
        return {**report_page(row), "may_scan": may_scan(request.user)}

    def get_urls(self) -> list[URLPattern]:
        """The button that scans, and the SBOMs."""
        scan = self.admin_site.admin_view(require_POST(self.scan_view))
        sbom = self.admin_site.admin_view(self.sbom_view)
        name = "scanning_scanreport"
        return [
            path("scan/", scan, name=f"{name}_scan"),
            path("<int:pk>/sbom/<str:kind>/", sbom, name=f"{name}_sbom"),
            *super().get_urls(),
        ]

    def scan_view(self, request: HttpRequest) -> HttpResponse:
        """Scan the images behind a digest of a repository that the person may pull."""
        names = repositories_visible_to(request.user).values_list("name", flat=True)
        repository, digest = request.POST.get("repository", ""), request.POST.get("digest", "")
        if not may_scan(request.user) or repository not in names.filter(name=repository):
            raise PermissionDenied
        try:
            operation = start_scan(repository, digest[:160], origin=Origin.of_request(request))
        except PortalError as error:
            self.message_user(request, error.message, 40)
            return HttpResponseRedirect(reverse("admin:scanning_scanreport_changelist"))
        return HttpResponseRedirect(reverse("admin:portal_operation_change", args=[operation.pk]))

    def sbom_view(self, request: HttpRequest, pk: int, kind: str) -> HttpResponse:
        """What the image is made of, as a file."""
        report = get_object_or_404(self.get_queryset(request), pk=pk)
        return sbom_file(get_object_or_404(Sbom, report=report, kind=kind))

    @display(description=_("image"), ordering="place")
    def image(self, row: ScanReport) -> str:
        """Where it lies, and which it is."""
        return f"{row.shown_place}@{short_id(row.digest)}"

    @display(description=_("state"), ordering="state", label=LABELS)
    def standing(self, row: ScanReport) -> tuple[str, str]:
        """A shape and a word."""
        tone = tone_of(row)
        return tone, f"{SHAPES[tone]} {row.get_state_display()}"

    @display(description=_("found"), ordering="critical")
    def found(self, row: ScanReport) -> str | SafeString:
        """By severity."""
        if row.scanned_at is None:
            return NOTHING
        return render_to_string("scanning/severities.html", {"counts": counts(row)})

    @display(description=_("scanned"), ordering="scanned_at")
    def scanned(self, row: ScanReport) -> str | SafeString:
        """How long ago."""
        return ago(row.scanned_at) if row.scanned_at else NOTHING


@admin.register(ScanPolicy)
class ScanPolicyAdmin(ModelAdmin):
    """Which namespaces are scanned, and what of them may not be pulled."""

    audits_itself = True
    form = ScanPolicyForm
    list_display = ("namespace", "scan_on_push", "block_from", "block_unscanned", "only_fixable")
    list_select_related = ("namespace",)
    search_fields = ("namespace__name",)
    list_before_template = "scanning/policies_before.html"

    def save_model(self, request: HttpRequest, obj: ScanPolicy, form: Any, change: bool) -> None:
        """Let the service write, audit and mark."""
        before = ScanPolicy.objects.get(pk=obj.pk) if change else ScanPolicy()
        values = {name: form.cleaned_data[name] for name in ScanPolicyForm.Meta.fields}
        obj.pk = save_policy(before, values, origin=Origin.of_request(request)).pk

    def delete_model(self, request: HttpRequest, obj: ScanPolicy) -> None:
        """Let the service audit and mark."""
        delete_policy(obj, origin=Origin.of_request(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ScanPolicy]) -> None:
        """Each of them."""
        for policy in queryset:
            delete_policy(policy, origin=Origin.of_request(request))


def sbom_file(sbom: Sbom) -> HttpResponse:
    """For the browser to save."""
    name = f"{short_id(sbom.report.digest)}.{sbom.kind}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    body = gzip.decompress(sbom.packed)
    return HttpResponse(body, content_type="application/json", headers=headers)
