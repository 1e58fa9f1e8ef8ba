"""What a person fills in for actions on clusters and engines."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.nodes.models import Cluster
from apps.nodes.ports.upkeep import PruneWish
from dce_portal.secret import Secret


class TokensForm(forms.Form):
    """Which join tokens to rotate."""

    worker = forms.BooleanField(label=_("The workers' token"), required=False, initial=True)
    manager = forms.BooleanField(label=_("The managers' token"), required=False, initial=True)


class UnlockForm(forms.Form):
    """The key, which is never shown again."""

    key = forms.CharField(
        label=_("Unlock key"),
        required=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"class": "dce-textarea", "autocomplete": "off"}),
        help_text=_("Begins with SWMKEY-1-. Leave it empty to ask another manager for it."),
    )

    def clean_key(self) -> Secret:
        """As a secret, which no traceback shows."""
        return Secret(str(self.cleaned_data["key"]).strip())


class PruneForm(forms.Form):
    """Which unused things to remove; volumes are never chosen beforehand."""

    stopped_containers = forms.BooleanField(label=_("Stopped containers"), required=False)
    dangling_images = forms.BooleanField(
        label=_("Dangling images: without a name, used by no container"),
        required=False,
        initial=True,
    )
    unused_images = forms.BooleanField(
        label=_("All images that no container here uses, named ones too"), required=False
    )
    build_cache = forms.BooleanField(
        label=_("Build cache that is not in use"), required=False, initial=True
    )
    unused_volumes = forms.BooleanField(
        label=_("Volumes that no container here uses, with all that is in them"), required=False
    )


def prune_wish(chosen: Any) -> PruneWish:  # noqa: ANN401 - cleaned data or an API body
    """The choices as the services take them; what is not there is not chosen."""
    names = PruneForm.base_fields
    return PruneWish(**{name: bool(chosen.get(name)) for name in names})


class RenameForm(forms.Form):
    """A cluster's other name."""

    name = forms.CharField(
        label=_("Name"),
        max_length=Cluster._meta.get_field("name").max_length,
        widget=forms.TextInput(attrs={"class": "dce-textarea", "spellcheck": "false"}),
    )
