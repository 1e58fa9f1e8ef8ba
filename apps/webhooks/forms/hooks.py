"""The form of a webhook."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.webhooks.models import CHOSEN_KINDS, Webhook
from apps.webhooks.services.hooks import SHORTEST_KEY, check_url
from dce_portal.admin_site import CheckboxesWidget, PasswordWidget, SwitchWidget
from dce_portal.errors import InvalidInput


class WebhookForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's form is generic in its stubs only
    """Address, events and key; the key is never shown again."""

    kinds = forms.MultipleChoiceField(
        label=_("Events"), choices=CHOSEN_KINDS, widget=CheckboxesWidget
    )
    key = forms.CharField(
        label=_("Signing key"),
        required=False,
        min_length=SHORTEST_KEY,
        max_length=500,
        widget=PasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_("Left empty, one is made and shown once; a kept one stays."),
    )
    new_key = forms.BooleanField(
        label=_("Make a new signing key"),
        required=False,
        widget=SwitchWidget,
        help_text=_("It is shown once; the one that is kept signs no more."),
    )

    class Meta:
        """What a person gives."""

        model = Webhook
        fields = ("name", "url", "kinds", "patterns", "is_active")

    def clean_url(self) -> str:
        """Refuse what is no address of a receiver."""
        url = str(self.cleaned_data["url"]).strip()
        try:
            check_url(url)
        except InvalidInput as error:
            raise forms.ValidationError(error.message) from error
        return url

    def key_wish(self) -> str | None:
        """A key, an empty text to make one, None to leave the kept one."""
        data: dict[str, Any] = self.cleaned_data
        return "" if data.get("new_key") else data.get("key") or None
