"""The app's registration with Django."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Registers the app under its short label."""

    name = "apps.accounts"
    label = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        """Connect the audit trail to what the rest of the portal announces."""
        from apps.accounts import signals  # noqa: F401 - importing it is what connects it
