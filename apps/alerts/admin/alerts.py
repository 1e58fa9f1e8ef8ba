"""The history of alerts as a list, and one alert's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.alerts.models import Alert
from apps.alerts.pages.alert import alert_page, tone_of_alert
from apps.alerts.pages.open import OpenPages
from apps.alerts.rules.catalogue import KIND_WORDS
from apps.alerts.rules.sentences import span_in_words, value_in_words
from apps.alerts.selectors.visible import alerts_visible_to
from dce_portal.admin_site import Empty, ReadOnlyAdmin, display
from dce_portal.templatetags.portal import NOTHING, SHAPES, ago

STATE_LABELS = {"bad": "danger", "late": "warning", "busy": "info", "good": "success", "off": ""}


@admin.register(Alert)
class AlertAdmin(OpenPages, ReadOnlyAdmin):
    """Every alert that fired, and when it was over."""

    empty = Empty(
        "history",
        _("No alert has fired"),
        _(
            "Those that did stay here: when they began, who took care of them and when they were over."
        ),
    )

    list_display = ("about", "subject", "state_label", "worst", "fired", "lasted", "taken")
    list_filter = ("severity", "state", "cluster", "object_kind")
    list_select_related = ("rule", "cluster", "acknowledged_by")
    search_fields = ("rule_name", "object_label")
    date_hierarchy = "opened_at"
    fields = ("rule_name",)
    list_before_template = "alerts/history_head.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        """All that the person may see."""
        return alerts_visible_to(cast("Any", request.user))

    def page_of(self, request: HttpRequest, row: Alert) -> Mapping[str, Any]:
        """How it stands and what to do."""
        return alert_page(cast("Any", request.user), row)

    @display(description=_("alert"), ordering="rule_name")
    def about(self, row: Alert) -> str:
        """The rule's name."""
        return row.title

    @display(description=_("of"), ordering="object_label")
    def subject(self, row: Alert) -> str:
        """Kind and name."""
        return f"{KIND_WORDS.get(row.object_kind, row.object_kind)} {row.object_label}"

    @display(description=_("state"), ordering="state", label=STATE_LABELS)
    def state_label(self, row: Alert) -> tuple[str, str]:
        """A shape and a word."""
        tone = tone_of_alert(row)
        return tone, f"{SHAPES[tone]} {row.get_severity_display()}, {row.get_state_display()}"

    @display(description=_("worst"))
    def worst(self, row: Alert) -> str:
        """The worst value."""
        return value_in_words(row.peak, row.unit)

    @display(description=_("fired"), ordering="fired_at")
    def fired(self, row: Alert) -> str | SafeString:
        """How long ago."""
        return ago(row.fired_at)

    @display(description=_("lasted"))
    def lasted(self, row: Alert) -> str:
        """From firing to the end; nothing while it goes on."""
        if row.fired_at is None or row.cleared_at is None:
            return NOTHING
        return span_in_words((row.cleared_at - row.fired_at).total_seconds())

    @display(description=_("acknowledged by"))
    def taken(self, row: Alert) -> str:
        """Who."""
        return row.acknowledged_by.get_username() if row.acknowledged_by else NOTHING
