"""The audit trail in the admin: read, searched and taken along as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.translation import gettext_lazy as _

from apps.accounts.audit_words import action_in_words
from apps.accounts.models import AuditEvent
from dce_portal.admin_site import ReadOnlyAdmin, action, display

COLUMNS = (
    "at",
    "actor_label",
    "credential",
    "address",
    "action",
    "target_kind",
    "target_id",
    "target_label",
    "result",
)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class ActionsFilter(admin.AllValuesFieldListFilter):
    """The actions that occur, in words."""

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """The choices as Django makes them, in words."""
        for choice in super().choices(changelist):
            yield {**choice, "display": action_in_words(str(choice["display"]))}


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """Who did what; nobody edits it, and the right to view it is a right of its own."""

    list_display = (
        "at",
        "actor_label",
        "what",
        "target_label",
        "result",
        "address",
        "credential",
    )
    list_filter = ("result", ("action", ActionsFilter), "target_kind")
    search_fields = ("actor_label", "action", "target_label", "target_id", "address", "credential")
    date_hierarchy = "at"
    actions = ("export_csv",)

    @display(description=_("action"), ordering="action")
    def what(self, row: AuditEvent) -> str:
        """In words."""
        return action_in_words(row.action)

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Whoever may read it may take it along."""
        return self.has_view_permission(request)

    @action(description=_("Export the chosen entries as CSV"), permissions=["export"])
    def export_csv(
        self, request: HttpRequest, events: QuerySet[AuditEvent]
    ) -> StreamingHttpResponse:
        """Send them row by row, so that a million entries need no memory."""
        headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
        return StreamingHttpResponse(csv_lines(events), content_type="text/csv", headers=headers)


class _Line:
    """A file that hands back what was written last."""

    def write(self, text: str) -> str:
        """Give the line to the caller of writerow."""
        return text


def csv_lines(events: QuerySet[AuditEvent]) -> Iterator[str]:
    """The heading, then one line an entry."""
    writer: Any = csv.writer(_Line())
    yield writer.writerow(COLUMNS)
    for row in events.values_list(*COLUMNS).iterator(chunk_size=1000):
        yield writer.writerow([plain_cell(value) for value in row])


def plain_cell(value: Any) -> str:
    """A text that no spreadsheet takes for a formula: user names come from outside."""
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
