"""Retention rules and their runs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from apps.policies.admin.base import PolicyAdmin
from apps.policies.forms.rules import RetentionRuleForm
from apps.policies.models import RetentionRule, RetentionRun
from apps.policies.pages.retention import RetentionPages, namespaces_with_rules
from apps.policies.rules.keeping import Reason
from apps.policies.rules.words import keeps
from apps.policies.selectors.visible import rows_visible_to
from dce_portal.admin_site import ReadOnlyAdmin, display
from dce_portal.templatetags.portal import NOTHING, ago

MOST_NAMES = 500
STATE_LABELS = {"running": "info", "done": "success", "stopped": "warning"}


@admin.register(RetentionRule)
class RetentionRuleAdmin(RetentionPages, PolicyAdmin):
    """Which tags are kept."""

    form = RetentionRuleForm
    list_display = ("place_shown", "tags", "keeps", "schedule", "is_enabled")
    search_fields = ("namespace__name", "repositories", "tags")
    list_before_template = "policies/retention_before.html"
    fieldsets = (
        (_("Which tags"), {"fields": ("namespace", "repositories", "tags")}),
        (
            _("What is kept"),
            {
                "fields": (
                    "keep_last",
                    "younger_than_days",
                    "pulled_within_days",
                    "keep_matching",
                ),
                "description": _(
                    "A tag stays as soon as one of these holds. Immutable tags, and what a service"
                    " or container uses, always stay."
                ),
            },
        ),
        (_("And besides"), {"fields": ("untagged_days", "schedule", "is_enabled")}),
    )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With the namespaces that have rules, each with its preview."""
        context = {**(extra_context or {}), "namespaces": namespaces_with_rules(request)}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    @display(description=_("repositories"), ordering="namespace__name")
    def place_shown(self, rule: RetentionRule) -> str:
        """Where it holds."""
        return f"{rule.namespace}/{rule.repositories}"

    @display(description=_("keeps"))
    def keeps(self, rule: RetentionRule) -> str:
        """In words."""
        return keeps(
            Reason("last", "" if rule.keep_last is None else str(rule.keep_last)),
            Reason("young", _number(rule.younger_than_days)),
            Reason("pulled", _number(rule.pulled_within_days)),
            Reason("matching", rule.keep_matching),
        )


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


@admin.register(RetentionRun)
class RetentionRunAdmin(ReadOnlyAdmin):
    """What each run did."""

    list_display = ("namespace", "state_label", "kept", "deleted", "untagged", "skipped", "begun")
    fields = (
        "namespace",
        "state",
        "is_scheduled",
        "kept",
        "deleted",
        "untagged",
        "skipped",
        "removed_shown",
        "started_at",
        "finished_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Those of one's own namespaces."""
        return rows_visible_to(request.user, RetentionRun)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Rows are narrowed by the query."""
        return request.user.is_active

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As above."""
        return request.user.is_active

    @display(description=_("what was deleted"))
    def removed_shown(self, run: RetentionRun) -> str | SafeString:
        """One a line; a run that took very many names the first of them."""
        names = ((name,) for name in run.removed[:MOST_NAMES])
        return format_html_join(mark_safe("<br>"), "{}", names) or NOTHING

    @display(description=_("state"), ordering="state", label=STATE_LABELS)
    def state_label(self, run: RetentionRun) -> tuple[str, str]:
        """One word."""
        return run.state, run.get_state_display()

    @display(description=_("started"), ordering="started_at")
    def begun(self, run: RetentionRun) -> str | SafeString:
        """How long ago."""
        return ago(run.started_at)
