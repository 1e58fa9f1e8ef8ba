"""The kernel as a Django app, and the admin with the portal's own site."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class KernelConfig(AppConfig):
    """Holds the operations."""

    name = "dce_portal"
    label = "portal"
    verbose_name = _("Portal")

    def ready(self) -> None:
        """Register the system checks, what workers do at their start, Celery, and the operations' live topic."""
        from dce_portal import (  # noqa: F401 - importing registers them
            celery,
            checks,
            collector,
            worker_signals,
        )
        from dce_portal.live import register_topic
        from dce_portal.operations import may_watch

        register_topic("operation", may_watch)
        # Pages and forms came with the admin's site before; only handles to them follow.
        collector.go_on()


class PortalAdminConfig(AdminConfig):
    """Django's admin on the portal's site."""

    default_site = "dce_portal.admin_site.PortalAdminSite"
