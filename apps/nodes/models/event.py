"""What changed in a cluster."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.nodes.models.cluster import Cluster
from apps.nodes.models.node import Node
from apps.nodes.rules.event_words import words_of


class ClusterEvent(models.Model):
    """Something that changed, as the difference of two polls told it: the "what changed" of the dashboard."""

    class Severity(models.TextChoices):
        """How much it matters."""

        INFO = "info", _("information")
        WARNING = "warning", _("warning")
        ERROR = "error", _("error")

    cluster = models.ForeignKey(
        Cluster, verbose_name=_("cluster"), on_delete=models.CASCADE, related_name="events"
    )
    node = models.ForeignKey(
        Node,
        verbose_name=_("node"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="events",
    )
    at = models.DateTimeField(_("at"), db_index=True)
    kind = models.CharField(_("kind"), max_length=64)
    severity = models.CharField(
        _("severity"), max_length=16, choices=Severity, default=Severity.INFO
    )
    subject_kind = models.CharField(_("kind of subject"), max_length=32)
    subject_id = models.CharField(_("subject's id"), max_length=128)
    subject_label = models.CharField(_("subject"), max_length=250)
    detail = models.JSONField(_("detail"), default=dict, blank=True)

    class Meta:
        """Newest first."""

        verbose_name = _("cluster event")
        verbose_name_plural = _("cluster events")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        """What happened to what."""
        return f"{self.kind} {self.subject_label}"

    @property
    def words(self) -> str:
        """What happened, as a sentence goes on after the subject."""
        return words_of(self.kind)
