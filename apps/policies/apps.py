"""The app's registration with Django."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PoliciesConfig(AppConfig):
    """Registers the app under its short label."""

    name = "apps.policies"
    label = "policies"
    verbose_name = _("Registry policies")
