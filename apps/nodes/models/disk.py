"""What an engine's disk held when somebody last asked for it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.nodes.models.node import Node


class EngineDiskUsage(models.Model):
    """One row a node: the newest measurement, which is also what a prune's estimate comes from."""

    node = models.OneToOneField(
        Node, verbose_name=_("node"), on_delete=models.CASCADE, related_name="disk_usage"
    )
    measured_at = models.DateTimeField(_("measured"))
    took_s = models.FloatField(_("took (s)"), default=0)
    usage = models.JSONField(_("what its disk holds"), default=dict)

    class Meta:
        """Seen with its node, so it has no rights of its own."""

        verbose_name = _("engine disk usage")
        verbose_name_plural = _("engine disk usages")
        default_permissions = ()

    def __str__(self) -> str:
        """Whose it is."""
        return str(self.node)
