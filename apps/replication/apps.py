"""The app's registration with Django."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReplicationConfig(AppConfig):
    """Registers the app, and listens to pushes."""

    name = "apps.replication"
    label = "replication"
    verbose_name = _("Replication")

    def ready(self) -> None:
        """Register what operations do, and hear what the registry tells."""
        from apps.replication.services import listening

        listening.connect()
