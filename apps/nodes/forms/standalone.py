"""The form for a standalone Swarm's addresses."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Self

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.nodes.services import StandaloneWish


class StandaloneForm(forms.Form):
    """What the portal needs to ask a standalone Swarm; the service checks it."""

    name = forms.CharField(label=_("Name"), max_length=64)
    managers = forms.CharField(
        label=_("Managers"),
        max_length=2000,
        help_text=_(
            "The addresses of `swarm manage`, primary and replicas in any order, with commas between:"
            " tcp://10.0.0.1:3376, tcp://10.0.0.2:3376. The portal follows the primary by itself."
        ),
    )
    uses_own_certificate = forms.BooleanField(
        label=_("Show the portal's own certificate"),
        required=False,
        help_text=_(
            "For managers that trust the portal's CA. The files below then need only name the CA of the"
            " managers, if it is another one."
        ),
    )
    tls_ca = forms.CharField(
        label=_("CA file"),
        max_length=250,
        required=False,
        help_text=_("The CA that signed the managers' certificates, on the portal's machine."),
    )
    tls_cert = forms.CharField(label=_("Certificate file"), max_length=250, required=False)
    tls_key = forms.CharField(label=_("Key file"), max_length=250, required=False)
    discovery_url = forms.CharField(
        label=_("Discovery"),
        max_length=500,
        required=False,
        help_text=_(
            "The key store that the managers were started with, such as etcd://10.0.0.1:2379/prefix."
            " The portal then shows its health, and whose registration runs out. etcds:// where it"
            " speaks TLS; it is asked with the files above."
        ),
    )

    @classmethod
    def of_wish(cls, wish: StandaloneWish | None, *, data: QueryDict | None = None) -> Self:
        """The form with what a person has said before."""
        said: dict[str, Any] = asdict(wish) if wish else {}
        if wish:
            said["managers"] = ", ".join(wish.managers)
        return cls(data, initial=said)

    def wish(self) -> StandaloneWish:
        """What the person says now."""
        values = {**self.cleaned_data, "managers": as_addresses(self.cleaned_data["managers"])}
        return StandaloneWish(**values)


def as_addresses(text: str) -> tuple[str, ...]:
    """Addresses with commas or line breaks between."""
    return tuple(part.strip() for part in text.replace("\n", ",").split(",") if part.strip())
