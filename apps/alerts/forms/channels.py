"""The form of a channel: what all have in common, and what its kind needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Team
from apps.alerts.models import Channel
from apps.alerts.models.channels import check_time_zone
from apps.alerts.rules.addresses import PARTS, Part
from apps.alerts.services.channels import NAME_IS_TAKEN, ChannelWish, shown_parts_of

LOOKS = {"class": "dce-field"}
# A password manager would offer the portal's own password here.
SECRET_LOOKS = {**LOOKS, "autocomplete": "new-password", "spellcheck": "false"}


class ChannelForm(forms.Form):
    """Name and address first; the kind is chosen before and stays."""

    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(attrs=LOOKS))
    language = forms.ChoiceField(
        label=_("Language of messages"),
        choices=settings.LANGUAGES,
        widget=forms.Select(attrs=LOOKS),
    )
    time_zone = forms.CharField(
        label=_("Time zone of messages"),
        max_length=64,
        validators=[check_time_zone],
        widget=forms.TextInput(attrs={**LOOKS, "list": "dce-time-zones"}),
    )
    teams: forms.ModelMultipleChoiceField[Team] = forms.ModelMultipleChoiceField(
        label=_("Who may use it"),
        queryset=Team.objects.all(),
        required=False,
        help_text=_(
            "Members of these teams may lead alerts here; none chosen: whoever may make routes."
        ),
        widget=forms.SelectMultiple(attrs={**LOOKS, "size": 4}),
    )
    has_picture = forms.BooleanField(
        label=_("Attach a chart where the way can carry a picture"), required=False
    )
    is_enabled = forms.BooleanField(label=_("On"), required=False)

    def __init__(
        self, kind: str, *, channel: Channel | None = None, data: QueryDict | None = None
    ) -> None:
        """Add the parts of the kind; secrets that are kept are never filled in."""
        super().__init__(data, initial=_initial(channel))
        self.kind, self.channel = kind, channel
        shown = shown_parts_of(channel) if channel else {}
        for part in PARTS[kind]:
            self.fields[part.name] = _field(part, shown, is_kept=channel is not None)
        parts = [part.name for part in PARTS[kind]]
        self.order_fields(["name", *parts, "language", "time_zone", "teams"])

    @property
    def parts(self) -> list[str]:
        """The names of the parts of the address."""
        return [part.name for part in PARTS[self.kind]]

    def clean_name(self) -> str:
        """A name is one channel's."""
        name: str = self.cleaned_data["name"]
        others = Channel.objects.filter(name=name)
        if self.channel is not None:
            others = others.exclude(pk=self.channel.pk)
        if others.exists():
            raise forms.ValidationError(NAME_IS_TAKEN)
        return name

    def wish(self) -> ChannelWish:
        """What the service is asked for."""
        said = self.cleaned_data
        return ChannelWish(
            name=said["name"],
            kind=self.kind,
            parts={name: said.get(name) or "" for name in self.parts},
            is_enabled=said["is_enabled"],
            language=said["language"],
            time_zone=said["time_zone"],
            has_picture=said["has_picture"],
            teams=list(said["teams"]),
        )


def _initial(channel: Channel | None) -> dict[str, Any]:
    if channel is None:
        return {
            "language": settings.LANGUAGE_CODE,
            "time_zone": settings.TIME_ZONE,
            "has_picture": True,
            "is_enabled": True,
        }
    return {
        "name": channel.name,
        "language": channel.language,
        "time_zone": channel.time_zone,
        "teams": [team.pk for team in channel.teams.all()],
        "has_picture": channel.has_picture,
        "is_enabled": channel.is_enabled,
    }


def _field(part: Part, shown: Mapping[str, str], *, is_kept: bool) -> forms.Field:
    common: dict[str, Any] = {
        "label": part.label,
        "help_text": part.help,
        "required": part.is_required and not (part.is_secret and is_kept),
        "initial": shown.get(part.name) or part.default,
    }
    if part.choices:
        return forms.ChoiceField(**common, choices=part.choices, widget=forms.Select(attrs=LOOKS))
    if part.is_secret:
        looks = {**SECRET_LOOKS, **({"placeholder": _("kept; type to replace")} if is_kept else {})}
        common["initial"] = None
        return forms.CharField(**common, max_length=2000, widget=forms.PasswordInput(attrs=looks))
    return forms.CharField(**common, max_length=2000, widget=forms.TextInput(attrs=LOOKS))


class HeartbeatForm(forms.Form):
    """Where the sign of life goes, and how often."""

    url = forms.CharField(
        label=_("Address"),
        required=False,
        max_length=2000,
        help_text=_(
            "It gets a GET; healthchecks, Uptime Kuma and others give you such an address."
        ),
        widget=forms.PasswordInput(attrs=SECRET_LOOKS),
    )
    interval_s = forms.TypedChoiceField(
        label=_("Every"),
        coerce=int,
        choices=[
            (30, _("30 seconds")),
            (60, _("minute")),
            (300, _("5 minutes")),
            (900, _("15 minutes")),
        ],
        widget=forms.Select(attrs=LOOKS),
    )
    is_enabled = forms.BooleanField(label=_("On"), required=False)
