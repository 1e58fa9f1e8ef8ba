"""The pages of logs and consoles, answered from the database: what moves on them comes over their own lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from apps.nodes.ports.streams import MOST_TAIL
from apps.workloads import reach
from apps.workloads.models import Container
from apps.workloads.reach import Row

TAILS = (100, 500, 2000, MOST_TAIL)
SHELLS = ("bash", "sh", "ash", "zsh")


@dataclass(frozen=True, slots=True)
class StreamLink:
    """A way to a log or a console as a page offers it, or the reason why there is none."""

    name: str
    url: str
    why_not: str = ""


def stream_links(user: Any, row: Row) -> list[StreamLink]:  # noqa: ANN401 - a person or a visitor
    """What this person may open of the row; one for which the right is missing is not named at all."""
    links = []
    if user.has_perm(reach.VIEW_LOGS):
        links.append(StreamLink("logs", page_address(row, "logs"), reach.why_no_log(row)))
    if isinstance(row, Container) and user.has_perm(reach.OPEN_CONSOLE):
        why = reach.why_no_console(row)
        links.append(StreamLink("console", page_address(row, "console"), why))
    return links


def page_address(row: Model, name: str) -> str:
    """The page of a row's log or console."""
    return reverse(f"admin:workloads_{row._meta.model_name}_{name}", args=[row.pk])


class LogPages:
    """What an admin class adds for the page of its rows' logs."""

    admin_site: admin.AdminSite
    model: type[Model]

    def stream_urls(self) -> list[URLPattern]:
        """The addresses, to stand before the theme's own."""
        return [self._address("logs", self.log_page)]

    def get_urls(self) -> list[URLPattern]:
        """With the streams' pages."""
        return self.stream_urls() + list(cast("Any", super()).get_urls())

    def log_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One row's log."""
        row = self._row(request, pk, permission=reach.VIEW_LOGS)
        name = row._meta.model_name
        more = {
            "title": _("Logs of %(name)s") % {"name": row},
            "why_not": reach.why_no_log(row),
            "socket": f"/ws/logs/{name}/{row.pk}/",
            "text_url": reverse(f"api:{name}-logs", args=[row.pk]),
            "tails": TAILS,
            "is_many": name == "service",
        }
        return self._answer(request, "streams/logs.html", row, more)

    def _address(self, name: str, view: Callable[..., HttpResponse]) -> URLPattern:
        route = f"<int:pk>/{name}/"
        label = f"workloads_{self.model._meta.model_name}_{name}"
        return path(route, self.admin_site.admin_view(view), name=label)

    def _row(self, request: HttpRequest, pk: int, *, permission: str) -> Row:
        user = cast("Any", request.user)
        if not cast("Any", self).has_view_permission(request) or not user.has_perm(permission):
            raise PermissionDenied
        rows: QuerySet[Any] = reach.rows_of(str(self.model._meta.model_name), user)
        row: Row | None = rows.filter(pk=pk).first()
        if row is None:
            raise Http404
        return row

    def _answer(
        self, request: HttpRequest, template: str, row: Row, more: dict[str, Any]
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "row": row,
            "back": reverse(f"admin:workloads_{row._meta.model_name}_change", args=[row.pk]),
            **more,
        }
        return TemplateResponse(request, template, context)


class ConsolePages(LogPages):
    """The same, and the page of a container's console."""

    def stream_urls(self) -> list[URLPattern]:
        """Both addresses."""
        return [*super().stream_urls(), self._address("console", self.console_page)]

    def console_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One container's console."""
        row = cast("Container", self._row(request, pk, permission=reach.OPEN_CONSOLE))
        more = {
            "title": _("Console in %(name)s") % {"name": row},
            "why_not": reach.why_no_console(row),
            "socket": f"/ws/exec/{row.pk}/",
            "shells": SHELLS,
            "is_running": row.state == "running",
        }
        return self._answer(request, "streams/console.html", row, more)
