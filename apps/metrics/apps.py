"""The app's registration with Django."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


class MetricsConfig(AppConfig):
    """Registers the app under its short label."""

    name = "apps.metrics"
    label = "metrics"
    verbose_name = _("Usage")

    def ready(self) -> None:
        """Say who may watch the topics that carry usage."""
        from apps.metrics.selectors import may_see, may_watch_cluster
        from dce_portal.live import register_topic

        register_topic("cluster", may_watch_cluster)
        for kind in ("node", "service", "stack", "container"):
            register_topic(kind, partial(_guard, may_see, kind))


def _guard(
    may_see: Callable[[Any, str, str], bool], kind: str, user: AbstractBaseUser, ref: str
) -> bool:
    return may_see(user, kind, ref)
