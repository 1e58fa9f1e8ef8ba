"""Usage as a table to save: CSV with a column for each measure's mean, least and greatest value."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.text import get_valid_filename
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.views import APIView

from apps.metrics.api.serializers import SamplesQuery
from apps.metrics.measures import UNITS
from apps.metrics.selectors import measured_object
from apps.metrics.series import Series, series_of
from dce_portal.api.permissions import SignedIn

if TYPE_CHECKING:
    from rest_framework.request import Request

    from apps.accounts.models import User

# Enough for a week of minutes; longer ranges come in the steps of their tier.
MOST_ROWS = 12_000
PARTS = {"": "mean", "_min": "least", "_max": "greatest"}


class TableView(APIView):
    """The same figures as `/samples/`, as a file for a spreadsheet."""

    permission_classes = (SignedIn,)

    @extend_schema(
        operation_id="samples_csv",
        parameters=[SamplesQuery],
        responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.STR)},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Answer line by line, 12,000 at most; `points` is not heeded, each row is one step of the tier."""
        query = SamplesQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        wanted: dict[str, Any] = query.validated_data
        kind, ref = wanted["kind"], wanted["ref"]
        row = measured_object(cast("User", request.user), kind=kind, ref=ref)
        span = replace(wanted["span"], points=MOST_ROWS)
        lines = lines_of(series_of(row, span, wanted["measures"]), wanted["measures"])
        answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        name = get_valid_filename(row.label) if row and row.label else f"{kind}-{ref}"
        answer["Content-Disposition"] = content_disposition_header(
            as_attachment=True, filename=f"{name}-usage.csv"
        )
        answer["Cache-Control"] = "no-store"
        return answer


class _Echo:
    """Hands a written line back, so that it can be sent at once."""

    def write(self, line: str) -> str:
        return line


def lines_of(series: Series, measures: tuple[str, ...]) -> Iterator[str]:
    """The head, then a line for each moment; what could not be told is empty, never zero."""
    names = [
        (name, part) for name in measures for part in PARTS if f"{name}{part}" in series.columns
    ]
    write = csv.writer(_Echo()).writerow
    yield write(["time (UTC)", *(f"{name} {PARTS[part]} ({UNITS[name]})" for name, part in names)])
    columns = [series.columns[f"{name}{part}"] for name, part in names]
    for index, at in enumerate(series.at):
        moment = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        yield write([moment, *(column[index] for column in columns)])
