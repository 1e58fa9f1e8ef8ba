"""The form of the sign-in page: the same check, lock-out and sentences as `docker login`."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError

from apps.accounts.services import verify_password
from dce_portal.admin_site import AuthenticationForm
from dce_portal.errors import NotAuthenticated
from dce_portal.origin import client_address


class SignInForm(AuthenticationForm):
    """User name and password; every active person may enter, and sees what their rights show."""

    def clean(self) -> dict[str, Any]:
        """Check the password, and say why it is refused."""
        username, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if username and password:
            try:
                address = client_address(self.request)
                self.user_cache = verify_password(username, password, address=address)
            except NotAuthenticated as error:
                raise ValidationError(error.message, code=error.code) from error
        return self.cleaned_data

    def confirm_login_allowed(self, user: AbstractBaseUser) -> None:
        """Ask for no more than an active person, which the check above has done."""
