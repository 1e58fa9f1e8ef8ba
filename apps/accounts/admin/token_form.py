"""What a person says of a new token."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import PersonalToken
from apps.accounts.scopes import SCOPES
from dce_portal.admin_site import CheckboxesWidget, DateWidget

USUAL_DAYS = 90
LONGEST_DAYS = 365


def usual_expiry() -> date:
    """The day that the form proposes."""
    return timezone.localdate() + timedelta(days=USUAL_DAYS)


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's form is generic in its stubs only
    """Name, scopes in words, and the last day."""

    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), choices=list(SCOPES.items()), widget=CheckboxesWidget
    )
    last_day = forms.DateField(
        label=_("Last day"),
        initial=usual_expiry,
        widget=DateWidget,
        help_text=_("At most a year from today; the token ends with this day."),
    )

    class Meta:
        """The rest is the service's."""

        model = PersonalToken
        fields = ("name",)

    def clean_last_day(self) -> date:
        """From today to a year from now."""
        day: date = self.cleaned_data["last_day"]
        today = timezone.localdate()
        if not today <= day <= today + timedelta(days=LONGEST_DAYS):
            raise ValidationError(_("Choose a day from today to a year from now."))
        return day

    def wish(self) -> dict[str, Any]:
        """What the service is asked for."""
        day = self.cleaned_data["last_day"] + timedelta(days=1)
        zone = timezone.get_current_timezone()
        end = datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)
        return {
            "name": self.cleaned_data["name"],
            "scopes": self.cleaned_data["scopes"],
            "expires_at": end,
        }
