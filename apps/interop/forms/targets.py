"""The form of a remote-write target."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.interop.models import RemoteWrite
from apps.interop.services.targets import check_target_url
from dce_portal.admin_site import PasswordWidget, SwitchWidget
from dce_portal.errors import InvalidInput


class RemoteWriteForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's form is generic in its stubs only
    """Address and credential; the secret is never shown again."""

    secret = forms.CharField(
        label=_("Password or token"),
        required=False,
        strip=False,
        max_length=4096,
        widget=PasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_("Kept sealed and never shown. Left empty, the one that is kept stays."),
    )
    forget_secret = forms.BooleanField(
        label=_("Send no password or token"),
        required=False,
        widget=SwitchWidget,
        help_text=_("Forgets the kept one."),
    )

    class Meta:
        """What a person gives."""

        model = RemoteWrite
        fields = ("name", "url", "username", "portal_label", "is_active")

    def clean_url(self) -> str:
        """Refuse what is no address of a receiver."""
        url = str(self.cleaned_data["url"]).strip()
        try:
            check_target_url(url)
        except InvalidInput as error:
            raise forms.ValidationError(error.message) from error
        return url

    def secret_wish(self) -> str | None:
        """A new secret, an empty text to forget the kept one, None to leave it."""
        data: dict[str, Any] = self.cleaned_data
        return "" if data.get("forget_secret") else data.get("secret") or None
