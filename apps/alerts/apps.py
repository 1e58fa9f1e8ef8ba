"""The app's registration with Django."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AlertsConfig(AppConfig):
    """Registers the app under its short label."""

    name = "apps.alerts"
    label = "alerts"
    verbose_name = _("Alerts")

    def ready(self) -> None:
        """Put the ready-made rules in place after `migrate`, and say who may watch alerts live."""
        from apps.alerts.selectors import may_watch
        from dce_portal.live import register_topic

        register_topic("alerts", may_watch)
        post_migrate.connect(_make_stock_rules, sender=self)


def _make_stock_rules(*, using: str, **_signal: object) -> None:
    """The tables are there by now, unless this was a migration back."""
    from django.db import connections

    from apps.alerts.models import AlertRule
    from apps.alerts.services import make_stock_rules

    if AlertRule._meta.db_table in connections[using].introspection.table_names():
        make_stock_rules(using=using)
