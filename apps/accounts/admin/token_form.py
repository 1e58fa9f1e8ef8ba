"""What a person says of a new token."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import PersonalToken
from apps.accounts.scopes import API_READ, API_WRITE, AREAS, MOST_SCOPES, SCOPES, is_scope
from apps.accounts.secret_pages import lines_of
from apps.accounts.services import checked_networks
from dce_portal.admin_site import CheckboxesWidget, DateWidget, TextareaWidget
from dce_portal.errors import InvalidInput

USUAL_DAYS = 90
LONGEST_DAYS = 365


def usual_expiry() -> date:
    """The day that the form proposes."""
    return timezone.localdate() + timedelta(days=USUAL_DAYS)


class LifeForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's form is generic in its stubs only
    """The last day and the addresses of a new secret, of whatever kind."""

    last_day = forms.DateField(
        label=_("Last day"),
        initial=usual_expiry,
        widget=DateWidget,
        help_text=_("At most a year from today; the token ends with this day."),
    )
    allowed_from = forms.CharField(
        label=_("Only from these addresses"),
        required=False,
        max_length=1500,
        widget=TextareaWidget(attrs={"rows": 2, "placeholder": "192.0.2.0/24 2001:db8::/32"}),
        help_text=_("Addresses or networks, with spaces between; empty means from anywhere."),
    )

    def clean_last_day(self) -> date:
        """From today to a year from now."""
        day: date = self.cleaned_data["last_day"]
        today = timezone.localdate()
        if not today <= day <= today + timedelta(days=LONGEST_DAYS):
            raise ValidationError(_("Choose a day from today to a year from now."))
        return day

    def clean_allowed_from(self) -> list[str]:
        """As they are kept."""
        try:
            return checked_networks(lines_of(self.cleaned_data["allowed_from"]))
        except InvalidInput as error:
            raise ValidationError(error.message) from error

    def end(self) -> datetime:
        """The moment at which the last day is over where the person is."""
        day = self.cleaned_data["last_day"] + timedelta(days=1)
        zone = timezone.get_current_timezone()
        return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


class TokenForm(LifeForm):
    """Name, scopes in words and where they hold, addresses, and the last day."""

    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), choices=list(SCOPES.items()), widget=CheckboxesWidget
    )
    places = forms.CharField(
        label=_("In the registry only here"),
        required=False,
        max_length=4000,
        widget=TextareaWidget(attrs={"rows": 2, "placeholder": "team other/app"}),
        help_text=_("Namespaces or repositories, with spaces between; empty means all of mine."),
    )
    areas = forms.MultipleChoiceField(
        label=_("In the API only this"),
        required=False,
        choices=list(AREAS.items()),
        widget=CheckboxesWidget,
        help_text=_("None ticked means all of it."),
    )

    class Meta:
        """The rest is the service's."""

        model = PersonalToken
        fields = ("name",)

    def clean_places(self) -> list[str]:
        """Names that a registry takes."""
        found = sorted(set(lines_of(self.cleaned_data["places"])))
        for place in found:
            if not is_scope(f"registry.pull:{place}"):
                message = _("%(name)s is no name of a namespace or repository.")
                raise ValidationError(message, params={"name": place[:60]})
        return found

    def clean(self) -> dict[str, Any]:
        """Not more scopes than a token takes."""
        data: dict[str, Any] = super().clean() or {}
        if not self.errors and len(self._scopes()) > MOST_SCOPES:
            message = _("Choose at most %(most)d scopes.")
            self.add_error("places", ValidationError(message, params={"most": MOST_SCOPES}))
        return data

    def wish(self) -> dict[str, Any]:
        """What the service is asked for."""
        return {
            "name": self.cleaned_data["name"],
            "scopes": self._scopes(),
            "networks": self.cleaned_data["allowed_from"],
            "expires_at": self.end(),
        }

    def _scopes(self) -> list[str]:
        data = self.cleaned_data
        found = []
        for right in data["scopes"]:
            is_api = right in (API_READ, API_WRITE)
            where = data["areas"] if is_api else data["places"] if "registry" in right else []
            found += [f"{right}:{place}" for place in where] or [right]
        return found
