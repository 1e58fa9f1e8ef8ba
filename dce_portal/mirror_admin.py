"""What the admin pages of all mirrors share: read-only, a freshness column, states with a tone, rights of their own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Protocol, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from dce_portal.admin_site import ReadOnlyAdmin, display
from dce_portal.docker_words import in_words
from dce_portal.templatetags.portal import SHAPES, ago, tone_of

LATE_AFTER = timedelta(seconds=30)


class Tones(dict[str, str]):
    """The theme's colours for states; one without a colour keeps its word, which the theme would drop."""

    def __missing__(self, state: str) -> str:
        """No colour."""
        return ""


STATE_TONES = Tones(
    {
        "ready": "success",
        "running": "success",
        "active": "success",
        "healthy": "success",
        "complete": "info",
        "preparing": "info",
        "starting": "info",
        "pending": "info",
        "pause": "warning",
        "paused": "warning",
        "drain": "warning",
        "restarting": "warning",
        "unknown": "warning",
        "exited": "warning",
        "down": "danger",
        "disconnected": "danger",
        "failed": "danger",
        "rejected": "danger",
        "orphaned": "danger",
        "dead": "danger",
        "unhealthy": "danger",
        "info": "info",
        "warning": "warning",
        "error": "danger",
    }
)


class Watched(Protocol):
    """The row that says whether its source still answers: a node or a cluster."""

    stale_since: datetime | None
    stale_reason: str


def with_shape(word: str, text: object = "") -> str:
    """A state's word with a shape, so that colour never speaks alone."""
    return f"{SHAPES[tone_of(word)]} {text or in_words(word)}" if word else ""


def freshness_of(seen_at: datetime | None, watched: Watched) -> str | SafeString:
    """Nothing while fresh, the age when late, the reason when lost."""
    if watched.stale_since is not None:
        return format_html(
            '<span class="dce-fresh dce-fresh-lost" title="{}">{} {}</span>',
            watched.stale_reason,
            _("no answer since"),
            ago(watched.stale_since),
        )
    if seen_at is None:
        return format_html('<span class="dce-fresh dce-fresh-late">{}</span>', _("not seen yet"))
    if timezone.now() - seen_at > LATE_AFTER:
        return format_html('<span class="dce-fresh dce-fresh-late">{}</span>', ago(seen_at))
    return ""


class StaleFilter(admin.SimpleListFilter):
    """Fresh or stale, by the row that is watched; `path` leads there."""

    title = _("freshness")
    parameter_name = "freshness"
    path = ""

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, Any]]:
        """The two answers."""
        return [("fresh", _("fresh")), ("stale", _("stale"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rows that were chosen."""
        if self.value() not in {"fresh", "stale"}:
            return queryset
        return queryset.filter(**{f"{self.path}stale_since__isnull": self.value() == "fresh"})


def stale_filter(path: str) -> type[StaleFilter]:
    """The filter for a model whose watched row is at `path` (`node__`, `cluster__`, or nothing)."""
    return type("StaleFilter", (StaleFilter,), {"path": path})


class WordsFilter(admin.AllValuesFieldListFilter):
    """All values that occur, each of Docker's words in the reader's language."""

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """The choices as Django makes them, in words."""
        for choice in super().choices(changelist):
            yield {**choice, "display": in_words(str(choice["display"]))}


class MirrorAdmin(ReadOnlyAdmin):
    """A mirror's list and page; `watched` names the foreign key to the row that knows the freshness."""

    watched = ""

    @display(description=_("freshness"))
    def freshness(self, row: Model) -> str | SafeString:
        """How old the row is, where that needs saying."""
        watched = getattr(row, self.watched) if self.watched else row
        return freshness_of(cast("Any", row).observed_at, cast("Watched", watched))
