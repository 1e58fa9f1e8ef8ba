"""The app's registration with Django."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NodesConfig(AppConfig):
    """Registers the app under its short label."""

    name = "apps.nodes"
    label = "nodes"
    verbose_name = _("Cluster")

    def ready(self) -> None:
        """Say who may watch joins."""
        from apps.nodes.selectors.joining import may_watch_joins
        from dce_portal.live import register_topic

        register_topic("join", may_watch_joins)
