"""Usage → Right-sizing: every service's reservations and limits against what its tasks use, and what idles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.metrics.right_sizing import selectors
from apps.metrics.right_sizing.export import csv_lines
from apps.metrics.right_sizing.lines import line_of
from apps.metrics.right_sizing.models import ServiceSizing
from apps.metrics.right_sizing.rules import VERDICTS
from apps.nodes.selectors import clusters_visible_to

SERVICES_A_PAGE = 20


def right_sizing_page(request: HttpRequest, *, frame: Mapping[str, Any]) -> HttpResponseBase:
    """The page with what was asked for, or the same rows as CSV; who may not see services finds none."""
    user, wish = cast("User", request.user), selectors.read_wish(request.GET)
    rows = selectors.sizings(user, wish)
    if request.GET.get("format") == "csv":
        return _csv(rows)
    found = Paginator(rows, SERVICES_A_PAGE).get_page(request.GET.get("page"))
    context = {**frame, **_list_part(user, wish), "page": found, "query": _kept(request)}
    context["lines"] = [line_of(row) for row in found]
    context["reckoned_at"] = max((row.reckoned_at for row in found), default=None)
    return TemplateResponse(request, "metrics/right_sizing.html", context)


def _list_part(user: User, wish: selectors.SizingWish) -> dict[str, Any]:
    return {
        "title": _("Right-sizing"),
        "wish": wish,
        "summary": selectors.summary(user),
        "idle": selectors.idle_containers(user),
        "clusters": list(clusters_visible_to(user)),
        "verdicts": [(word, ServiceSizing.Verdict(word).label) for word in VERDICTS],
        "orders": _orders(),
        "is_filtered": bool(wish.cluster or wish.verdict or wish.text),
    }


def _kept(request: HttpRequest) -> str:
    """The address' query without the number of the page."""
    kept = request.GET.copy()
    kept.pop("page", None)
    return kept.urlencode()


def _orders() -> list[tuple[str, str]]:
    return [
        ("verdict", _("what is worst")),
        ("cpu", _("cores freed")),
        ("memory", _("memory freed")),
        ("name", _("name")),
    ]


def _csv(rows: QuerySet[ServiceSizing]) -> StreamingHttpResponse:
    response = StreamingHttpResponse(
        csv_lines(rows.iterator(chunk_size=500)), content_type="text/csv; charset=utf-8"
    )
    name = f"right-sizing-{timezone.now():%Y-%m-%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
