"""What is measured, and the samples: one wide row an object and tick, rolled up by the minute."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class MetricObject(models.Model):
    """A thing that has usage; samples name it by a small number."""

    class Kind(models.TextChoices):
        """What can be measured; `ref` is that model's primary key."""

        CLUSTER = "cluster", _("cluster")
        NODE = "node", _("node")
        SERVICE = "service", _("service")
        CONTAINER = "container", _("container")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    ref = models.BigIntegerField(_("object's number"))
    label = models.CharField(_("name"), max_length=250)
    created_at = models.DateTimeField(_("first seen"), auto_now_add=True)
    last_sample_at = models.DateTimeField(_("last sample"), null=True, blank=True, db_index=True)

    class Meta:
        """One row an object."""

        verbose_name = _("measured object")
        verbose_name_plural = _("measured objects")
        constraints = [
            models.UniqueConstraint(fields=["kind", "ref"], name="one_row_per_measured_object")
        ]

    def __str__(self) -> str:
        """Kind and name."""
        return f"{self.kind} {self.label}"
