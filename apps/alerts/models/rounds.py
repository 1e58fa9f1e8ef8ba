"""When the rules were last looked at: what tells a portal that was away from things that are silent."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class EvaluationRound(models.Model):
    """The newest look at all rules, one row."""

    at = models.DateTimeField(_("at"))
    steady_since = models.DateTimeField(_("without a pause since"))
    took_ms = models.FloatField(_("took (ms)"), default=0)
    rule_count = models.PositiveIntegerField(_("rules"), default=0)
    object_count = models.PositiveIntegerField(_("objects looked at closely"), default=0)
    error = models.TextField(_("what went wrong"), blank=True)

    class Meta:
        """Part of the alerts' page, so it has no rights of its own."""

        verbose_name = _("look at the rules")
        verbose_name_plural = _("looks at the rules")
        default_permissions = ()

    def __str__(self) -> str:
        """When."""
        return str(self.at)
