"""The app's registration with Django."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ScanningConfig(AppConfig):
    """Registers the app, and listens to pushes."""

    name = "apps.scanning"
    label = "scanning"
    verbose_name = _("Scanning")

    def ready(self) -> None:
        """Register what operations do, and hear what the registry tells."""
        from apps.scanning import pages
        from apps.scanning.services import listening

        listening.connect()
        pages.register_tab()
