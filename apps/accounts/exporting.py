"""Sends the audit along as a file, row by row, and audits that it went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import QuerySet
from django.http import StreamingHttpResponse

from apps.accounts.audit import record_audit
from apps.accounts.audit_records import csv_lines, json_lines
from apps.accounts.models import AuditEvent
from dce_portal.operations import Target
from dce_portal.origin import Origin

KINDS: Mapping[str, str] = {"csv": "text/csv", "jsonl": "application/x-ndjson"}


def export_audit(
    events: QuerySet[AuditEvent], *, kind: str, origin: Origin, asked: Mapping[str, str]
) -> StreamingHttpResponse:
    """An answer with these entries as they are now: the note about the export is not among them."""
    newest = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    record_audit(
        "audit.export",
        origin=origin,
        target=Target("auditevent", "", kind),
        detail={"form": kind, "asked": dict(asked)},
    )
    rows = events.filter(pk__lte=newest)
    lines: Iterable[str] | Iterable[bytes] = csv_lines(rows) if kind == "csv" else json_lines(rows)
    headers = {
        "Content-Disposition": f'attachment; filename="audit.{kind}"',
        "Cache-Control": "no-store",
        "X-Accel-Buffering": "no",
    }
    return StreamingHttpResponse(lines, content_type=KINDS[kind], headers=headers)
