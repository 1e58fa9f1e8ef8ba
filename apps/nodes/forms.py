"""Forms of this app's admin pages."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.nodes.models import EngineEndpoint
from apps.nodes.services import check_engine_url
from dce_portal.errors import InvalidInput


class EngineEndpointForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """An engine's address and the files for TLS."""

    class Meta:
        """What a person gives; the rest is found by asking."""

        model = EngineEndpoint
        fields = ("url", "tls_ca", "tls_cert", "tls_key")

    def clean_url(self) -> str:
        """Refuse what cannot be an engine's address."""
        url = str(self.cleaned_data["url"]).strip()
        try:
            check_engine_url(url)
        except InvalidInput as error:
            raise forms.ValidationError(error.message) from error
        return url


class LabelsForm(forms.Form):
    """A node's labels, one a line."""

    labels = forms.CharField(
        label=_("Labels"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 12, "class": "dce-textarea", "spellcheck": "false"}),
        help_text=_(
            "One label a line, as name=value. A line that is taken away removes its label."
        ),
    )

    def clean_labels(self) -> dict[str, str]:
        """The lines as names and values."""
        lines = (line.strip() for line in str(self.cleaned_data["labels"]).splitlines())
        pairs = [line.partition("=") for line in lines if line]
        names = [name.strip() for name, _equals, _value in pairs]
        if len(set(names)) < len(names):
            raise forms.ValidationError(_("A name stands here twice; keep one of the lines."))
        return {name.strip(): value.strip() for name, _equals, value in pairs}


def as_lines(labels: dict[str, str]) -> str:
    """Labels as the form shows them."""
    return "\n".join(f"{name}={value}" for name, value in sorted(labels.items()))
