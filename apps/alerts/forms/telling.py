"""The forms of routes, quiet hours and silences."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.alerts.models import QuietHours, Route, Severity, Silence
from dce_portal.admin_site import CheckboxesWidget

WEEK = [
    (0, _("Monday")),
    (1, _("Tuesday")),
    (2, _("Wednesday")),
    (3, _("Thursday")),
    (4, _("Friday")),
    (5, _("Saturday")),
    (6, _("Sunday")),
]
HOUR_S = 3600
DURATIONS = [
    (HOUR_S, _("1 hour")),
    (4 * HOUR_S, _("4 hours")),
    (24 * HOUR_S, _("1 day")),
    (7 * 24 * HOUR_S, _("1 week")),
]


class RouteForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's form is generic in its stubs only
    """Severities as boxes to tick."""

    severities = forms.MultipleChoiceField(
        label=_("Severities"),
        choices=Severity.choices,
        required=False,
        widget=CheckboxesWidget,
        help_text=_("None ticked: all of them."),
    )

    class Meta:
        """All that a person may say."""

        model = Route
        fields = (
            "name",
            "is_enabled",
            "severities",
            "stacks",
            "clusters",
            "rules",
            "teams",
            "channels",
            "wait_s",
            "repeat_s",
            "sends_cleared",
        )


class QuietHoursForm(forms.ModelForm):  # type: ignore[type-arg]  # as above
    """Days as boxes to tick; each week, once, or both."""

    days = forms.TypedMultipleChoiceField(
        label=_("Each week on"),
        choices=WEEK,
        coerce=int,
        required=False,
        widget=CheckboxesWidget,
        help_text=_(
            "The day on which they begin; an end that is not after the begin is the next day's."
        ),
    )

    class Meta:
        """All that a person may say."""

        model = QuietHours
        fields = (
            "name",
            "is_enabled",
            "days",
            "begins",
            "ends",
            "time_zone",
            "once_begins_at",
            "once_ends_at",
            "breaks_through",
            "channels",
        )

    def clean(self) -> dict[str, Any]:
        """Whole, and at least one of the two."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        weekly = [
            bool(said.get("days")),
            said.get("begins") is not None,
            said.get("ends") is not None,
        ]
        begin, end = said.get("once_begins_at"), said.get("once_ends_at")
        once = [begin is not None, end is not None]
        if any(weekly) and not all(weekly):
            self.add_error("days", _("Weekly hours need days, a begin and an end."))
        if any(once) and not all(once):
            self.add_error("once_begins_at", _("Once needs a begin and an end."))
        if begin is not None and end is not None and begin >= end:
            self.add_error("once_ends_at", _("The end comes after the begin."))
        if not any(weekly) and not any(once):
            self.add_error("days", _("Say when: days with hours, or once."))
        return said


class SilenceForm(forms.ModelForm):  # type: ignore[type-arg]  # as above
    """What is silent, until when, and why."""

    class Meta:
        """All that a person may say."""

        model = Silence
        fields = (
            "rule",
            "cluster",
            "object_kind",
            "object_label",
            "label",
            "begins_at",
            "ends_at",
            "reason",
        )
