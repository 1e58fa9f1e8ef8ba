"""The form in which people change their own password; the old one is asked with the lock-out of signing in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.auth.forms import SetPasswordMixin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.accounts.services import verify_password
from dce_portal.errors import NotAuthenticated


class OwnPasswordForm(SetPasswordMixin, forms.Form):  # type: ignore[type-arg]  # generic in the stubs only
    """Old, new, new again."""

    old_password = forms.CharField(
        label=_("Old password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new_password1, new_password2 = SetPasswordMixin.create_password_fields(
        label1=_("New password"), label2=_("New password again")
    )

    def __init__(
        self, person: User, *, address: str | None, data: Mapping[str, Any] | None
    ) -> None:
        """Whose password it is."""
        self.person, self.address = person, address
        super().__init__(data)

    def clean_old_password(self) -> str:
        """Ask as the sign-in page does."""
        old: str = self.cleaned_data["old_password"]
        try:
            verify_password(self.person.get_username(), old, address=self.address)
        except NotAuthenticated as error:
            raise ValidationError(error.message) from error
        return old

    def clean(self) -> dict[str, Any]:
        """Compare and judge the new one."""
        self.validate_passwords("new_password1", "new_password2")
        self.validate_password_for_user(self.person, "new_password2")
        return self.cleaned_data
