"""The form of the page "Add nodes"."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.nodes.forms.labels import LabelsForm
from apps.nodes.models import Cluster, Node
from apps.nodes.models.joining import JOIN_ROLES
from apps.nodes.selectors.joining import swarms
from apps.nodes.services.joining import JoinWish

LOOKS = {"class": "dce-field"}
EXPIRIES = [
    (15, _("15 minutes")),
    (60, _("1 hour")),
    (8 * 60, _("8 hours")),
    (24 * 60, _("1 day")),
    (7 * 24 * 60, _("1 week")),
]


def usual_swarm() -> Cluster | None:
    """The one that the form proposes: the first, or a new one while there is none."""
    return swarms().first()


class JoinTokenForm(LabelsForm):
    """Which Swarm, as what, how often, how long."""

    cluster: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        label=_("Swarm"),
        queryset=swarms(),
        required=False,
        initial=usual_swarm,
        empty_label=_("a new Swarm, made by the first host"),
        widget=forms.Select(attrs=LOOKS),
    )
    role = forms.ChoiceField(
        label=_("Role"),
        choices=JOIN_ROLES,
        widget=forms.Select(attrs=LOOKS),
    )
    availability = forms.ChoiceField(
        label=_("Availability"),
        choices=Node.Availability.choices,
        widget=forms.Select(attrs=LOOKS),
    )
    uses = forms.IntegerField(
        label=_("Hosts"),
        min_value=1,
        max_value=100,
        initial=1,
        widget=forms.NumberInput(attrs=LOOKS),
    )
    minutes = forms.TypedChoiceField(
        label=_("Valid for"),
        choices=EXPIRIES,
        coerce=int,
        initial=60,
        widget=forms.Select(attrs=LOOKS),
    )
    labels = forms.CharField(
        label=_("Labels"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "class": "dce-textarea", "spellcheck": "false"}),
        help_text=_("One label a line, as name=value; may be empty."),
    )
    field_order = ("cluster", "role", "availability", "uses", "minutes", "labels")

    def wish(self) -> JoinWish:
        """What the service is asked for."""
        return JoinWish(**self.cleaned_data)
