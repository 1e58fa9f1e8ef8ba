"""The forms of other registries, rules and cache namespaces."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.replication.models import CacheNamespace, RemoteRegistry, ReplicationRule
from apps.replication.services.rules import (
    RULE_FIELDS,
    check_authority,
    check_remote_url,
    check_rule,
)
from dce_portal.admin_site import PasswordWidget, SwitchWidget
from dce_portal.errors import InvalidInput


class RemoteRegistryForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's form is generic in its stubs only
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

        model = RemoteRegistry
        fields = ("name", "url", "username", "ca_pem")

    def clean_url(self) -> str:
        """Refuse what is no registry's address."""
        url = str(self.cleaned_data["url"]).strip()
        with _as_form_error():
            check_remote_url(url)
        return url

    def clean_ca_pem(self) -> str:
        """Refuse what is no certificate."""
        pem = str(self.cleaned_data["ca_pem"]).strip()
        with _as_form_error():
            check_authority(pem)
        return pem

    def secret_wish(self) -> str | None:
        """A new secret, an empty text to forget the kept one, None to leave it."""
        data: dict[str, Any] = self.cleaned_data
        return "" if data.get("forget_secret") else data.get("secret") or None


class ReplicationRuleForm(forms.ModelForm):  # type: ignore[type-arg]  # as above
    """What goes where, and when."""

    class Meta:
        """What a person gives."""

        model = ReplicationRule
        fields = RULE_FIELDS

    def clean(self) -> dict[str, Any]:
        """Refuse what cannot be meant together."""
        data: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                check_rule(ReplicationRule(**{name: data.get(name) for name in RULE_FIELDS}))
            except InvalidInput as error:
                self.add_error(error.field, error.message)
        return data


class CacheNamespaceForm(forms.ModelForm):  # type: ignore[type-arg]  # as above
    """Which namespace comes from where."""

    class Meta:
        """What a person gives."""

        model = CacheNamespace
        fields = ("namespace", "remote", "refresh_minutes", "is_active")


@contextmanager
def _as_form_error() -> Iterator[None]:
    """Say our refusals as the form's."""
    try:
        yield
    except InvalidInput as error:
        raise forms.ValidationError(error.message) from error
