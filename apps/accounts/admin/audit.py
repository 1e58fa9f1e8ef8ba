"""The audit trail in the admin: read, searched and taken along as CSV or JSON lines."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.accounts.audit_words import ACTION_WORDS, KIND_WORDS, action_in_words
from apps.accounts.exporting import KINDS, export_audit
from apps.accounts.models import AuditEvent
from dce_portal.admin_site import KnownValueFilter, ReadOnlyAdmin, action, display
from dce_portal.origin import Origin
from dce_portal.paginator import BoundedPaginator
from dce_portal.templatetags.portal import SHAPES, ago

RESULT_LABELS = {"allowed": "", "denied": "warning", "failed": "danger"}
RESULT_TONES = {"allowed": "good", "denied": "late", "failed": "bad"}


class ActionFilter(KnownValueFilter):
    """What was done, in words; the list is known, so that no table is read for it."""

    title = _("action")
    parameter_name = "action"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, str]]:
        """Every action that has words."""
        return sorted(((name, str(words)) for name, words in ACTION_WORDS.items()), key=_by_words)


class KindFilter(KnownValueFilter):
    """What it was done to."""

    title = _("kind of target")
    parameter_name = "target_kind"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, str]]:
        """The kinds in words."""
        return sorted(((name, str(words)) for name, words in KIND_WORDS.items()), key=_by_words)


def _by_words(choice: tuple[str, str]) -> str:
    return choice[1]


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """Who did what; nobody edits it, and the right to view it is a right of its own."""

    paginator = BoundedPaginator
    show_facets = admin.ShowFacets.NEVER
    list_display = (
        "when",
        "actor_label",
        "what",
        "target_label",
        "outcome",
        "address",
        "credential",
    )
    list_filter = ("result", ("at", admin.DateFieldListFilter), ActionFilter, KindFilter)
    search_fields = ("actor_label", "action", "target_label", "target_id", "address", "credential")
    search_help_text = _("Who, what, on what, from where or with which credential")
    list_before_template = "accounts/audit_exports.html"
    actions = ("export_csv",)

    class Media:
        """The looks of the export buttons."""

        css = {"all": ("css/access.css", "css/tokens.css")}

    @display(description=_("at"), ordering="at")
    def when(self, row: AuditEvent) -> str | SafeString:
        """How long ago, the moment on hover."""
        return ago(row.at)

    @display(description=_("action"), ordering="action")
    def what(self, row: AuditEvent) -> str:
        """In words."""
        return action_in_words(row.action)

    @display(description=_("result"), ordering="result", label=RESULT_LABELS)
    def outcome(self, row: AuditEvent) -> tuple[str, str]:
        """A shape and a word."""
        return row.result, f"{SHAPES[RESULT_TONES[row.result]]} {row.get_result_display()}"

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Whoever may read it may take it along."""
        return self.has_view_permission(request)

    @action(description=_("Export the chosen entries as CSV"), permissions=["export"])
    def export_csv(
        self, request: HttpRequest, events: QuerySet[AuditEvent]
    ) -> StreamingHttpResponse:
        """Send them row by row, so that a million entries need no memory."""
        return export_audit(
            events, kind="csv", origin=Origin.of_request(request), asked={"chosen": "yes"}
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Give the list's own part where its export is to be had."""
        links = [(kind, self._export_link(request, kind)) for kind in KINDS]
        response: HttpResponse = super().changelist_view(
            request, {**(extra_context or {}), "export_links": links}
        )
        return response

    def _export_link(self, request: HttpRequest, kind: str) -> SafeString:
        address = reverse("admin:accounts_auditevent_export", args=[kind])
        query = request.GET.urlencode()
        return format_html("{}{}", address, f"?{query}" if query else "")

    def get_urls(self) -> list[URLPattern]:
        """The whole list as a file."""
        view = self.admin_site.admin_view(self.export_view)
        name = "accounts_auditevent_export"
        return [path("export/<str:kind>/", view, name=name), *super().get_urls()]

    def export_view(self, request: HttpRequest, kind: str) -> Any:
        """What the list shows with these filters, all pages of it."""
        if not self.has_export_permission(request):
            return HttpResponse(status=403)
        if kind not in KINDS:
            return HttpResponse(status=404)
        try:
            events = self.get_changelist_instance(request).get_queryset(request)
        except admin.options.IncorrectLookupParameters:
            return HttpResponseRedirect(reverse("admin:accounts_auditevent_changelist"))
        asked = {name: str(value) for name, value in request.GET.items() if value}
        return export_audit(events, kind=kind, origin=Origin.of_request(request), asked=asked)
