"""Quiet hours, with this week as a picture."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext_lazy as _

from apps.alerts.forms.telling import WEEK, QuietHoursForm
from apps.alerts.models import QuietHours
from apps.alerts.rules.week import share_of_day, week_of
from apps.alerts.selectors.channels import quiet_hours_visible_to
from dce_portal.admin_site import ModelAdmin, display

HOURS = (0, 6, 12, 18, 24)


@admin.register(QuietHours)
class QuietHoursAdmin(ModelAdmin):
    """Edited by those with the right."""

    form = QuietHoursForm
    list_display = ("name", "when", "zone", "breaks_through", "where", "is_enabled")
    list_before_template = "alerts/quiet_hours_before.html"
    filter_horizontal = ("channels",)
    fieldsets = (
        (None, {"fields": ("name", "is_enabled")}),
        (_("Each week"), {"fields": ("days", "begins", "ends", "time_zone")}),
        (_("Once"), {"fields": ("once_begins_at", "once_ends_at")}),
        (_("What is held"), {"fields": ("breaks_through", "channels")}),
    )

    class Media:
        """The looks of the picture."""

        css = {"all": ("css/alert-delivery.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[QuietHours]:
        """What this person may see."""
        return quiet_hours_visible_to(cast("Any", request.user))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With this week above the list."""
        context = {**(extra_context or {}), **week_page(self.get_queryset(request))}
        return super().changelist_view(request, context)

    @display(description=_("when"))
    def when(self, row: QuietHours) -> str:
        """In words."""
        parts = []
        if row.days and row.begins is not None and row.ends is not None:
            hours = f"{time_format(row.begins, 'H:i')}–{time_format(row.ends, 'H:i')}"
            parts.append(f"{days_in_words(row.days)} {hours}")
        if row.once_begins_at and row.once_ends_at:
            begin, end = (
                timezone.localtime(row.once_begins_at),
                timezone.localtime(row.once_ends_at),
            )
            parts.append(f"{date_format(begin, 'j M H:i')} – {date_format(end, 'j M H:i')}")
        return "; ".join(parts)

    @display(description=_("time zone"), ordering="time_zone")
    def zone(self, row: QuietHours) -> str:
        """Of the weekly hours."""
        return row.time_zone if row.days else ""

    @display(description=_("channels"))
    def where(self, row: QuietHours) -> str:
        """Their names."""
        return ", ".join(channel.name for channel in row.channels.all()) or str(_("all"))


def days_in_words(days: list[int]) -> str:
    """Monday–Friday where they follow each other, else one after the other."""
    names = dict(WEEK)
    chosen = sorted(int(day) for day in days)
    if len(chosen) > 2 and chosen == list(range(chosen[0], chosen[-1] + 1)):
        return f"{names[chosen[0]]}–{names[chosen[-1]]}"
    return ", ".join(str(names[day]) for day in chosen)


def week_page(rows: QuerySet[QuietHours]) -> dict[str, Any]:
    """The picture: a line a day in the reader's zone, and where in it now is."""
    now = timezone.now()
    zone = timezone.get_current_timezone()
    named = [(row.name, row.quiet) for row in rows if row.is_enabled]
    names = dict(WEEK)
    return {
        "week": [
            {"name": names[index], "day": day, "is_today": day.date == timezone.localdate()}
            for index, day in enumerate(week_of(named, now=now, zone=zone))
        ],
        "has_week": bool(named),
        "hours": [{"hour": hour, "at": round(hour / 0.24, 2)} for hour in HOURS],
        "now_share": share_of_day(timezone.localtime(now)),
        "zone": str(zone),
    }
