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
        """Whoever removes a manifest changes its repository's size; alerts ask when the disk is full, a robot ends."""
        from django.db.models import F

        from apps.alerts.selectors.credentials import Credentials, register_credentials
        from apps.alerts.selectors.outlooks import register_source
        from apps.registry.browse.filling import outlooks
        from apps.registry.receivers import connect
        from apps.registry.robot_models import Robot
        from apps.registry.selectors import robots_visible_to

        connect()
        register_source(outlooks)
        register_credentials("robot", Credentials(Robot, F("username"), robots_visible_to))
