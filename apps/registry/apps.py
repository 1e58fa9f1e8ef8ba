"""The app's registration with Django."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RegistryConfig(AppConfig):
    """Registers the app under its short label."""

    name = "apps.registry"
    label = "registry"
    verbose_name = _("Registry")

    def ready(self) -> None:
        """Whoever removes a manifest changes its repository's size; alerts ask when the disk is full."""
        from apps.alerts.selectors.outlooks import register_source
        from apps.registry.browse.filling import outlooks
        from apps.registry.receivers import connect

        connect()
        register_source(outlooks)
