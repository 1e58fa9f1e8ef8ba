"""The form of a receiver of the audit."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.forwarding.models import Forward
from apps.forwarding.services.receivers import check_receiver
from dce_portal.admin_site import PasswordWidget, SwitchWidget
from dce_portal.errors import InvalidInput


class ForwardForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's form is generic in its stubs only
    """Kind, address and key; the key is never shown again."""

    secret = forms.CharField(
        label=_("Key for signatures"),
        required=False,
        strip=False,
        max_length=4096,
        widget=PasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_(
            "For a webhook: X-DCE-Signature then holds HMAC-SHA256 over X-DCE-Timestamp, a dot and the"
            " body. Kept sealed and never shown. Left empty, the one that is kept stays."
        ),
    )
    forget_secret = forms.BooleanField(
        label=_("Sign nothing"),
        required=False,
        widget=SwitchWidget,
        help_text=_("Forgets the kept one."),
    )

    class Meta:
        """What a person gives."""

        model = Forward
        fields = ("name", "kind", "address", "ca_certificates", "is_active")

    def clean(self) -> dict[str, Any]:
        """Refuse what is no receiver."""
        data: dict[str, Any] = super().clean() or {}
        if self.errors:
            return data
        try:
            check_receiver(data["kind"], data["address"].strip(), data["ca_certificates"])
        except InvalidInput as error:
            self.add_error(error.field, error.message)
        return data

    def secret_wish(self) -> str | None:
        """A new key, an empty text to forget the kept one, None to leave it."""
        data: dict[str, Any] = self.cleaned_data
        return "" if data.get("forget_secret") else data.get("secret") or None
