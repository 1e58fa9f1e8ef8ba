"""The app's registration with Django."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ForwardingConfig(AppConfig):
    """Registers the app under its short label."""

    name = "apps.forwarding"
    label = "forwarding"
    verbose_name = _("Receivers of the audit")
