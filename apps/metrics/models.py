"""What is measured, and the samples: one wide row an object and tick, summed up by the minute."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.metrics.measures import MEASURES
from apps.metrics.outlooks.models import Outlook, OutlookTurn, TimeToFull

__all__ = [
    "MetricObject",
    "MinuteSample",
    "Outlook",
    "OutlookTurn",
    "Sample",
    "TimeToFull",
]


class Measured(models.Model):
    """The measures as columns; empty where the object has none or it could not be told."""

    cpu_cores = models.FloatField(_("CPU (cores)"), null=True, blank=True)
    memory_bytes = models.FloatField(_("memory (bytes)"), null=True, blank=True)
    network_rx_bps = models.FloatField(_("received (bytes/s)"), null=True, blank=True)
    network_tx_bps = models.FloatField(_("sent (bytes/s)"), null=True, blank=True)
    block_read_bps = models.FloatField(_("read (bytes/s)"), null=True, blank=True)
    block_write_bps = models.FloatField(_("written (bytes/s)"), null=True, blank=True)
    pids = models.FloatField(_("processes"), null=True, blank=True)
    load_1m = models.FloatField(_("load (1 min)"), null=True, blank=True)
    swap_used_bytes = models.FloatField(_("swap used (bytes)"), null=True, blank=True)
    disk_used_bytes = models.FloatField(_("disk used (bytes)"), null=True, blank=True)
    disk_total_bytes = models.FloatField(_("disk (bytes)"), null=True, blank=True)

    class Meta:
        """No table of its own."""

        abstract = True


class MetricObject(Measured):
    """A thing that has usage, with its latest figures; samples name it by a small number."""

    class Kind(models.TextChoices):
        """What can be measured; `ref` is that model's primary key."""

        CLUSTER = "cluster", _("cluster")
        NODE = "node", _("node")
        SERVICE = "service", _("service")
        CONTAINER = "container", _("container")

    class Source(models.TextChoices):
        """Where the figures come from."""

        HOST = "host", _("the machine itself")
        AGENT = "agent", _("the node's agent")
        CONTAINERS = "containers", _("the sum of its containers")
        NODES = "nodes", _("the sum of its nodes")
        ENGINE = "engine", _("the engine")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    ref = models.BigIntegerField(_("object's number"))
    label = models.CharField(_("name"), max_length=250)
    source = models.CharField(_("told by"), max_length=16, choices=Source)
    cluster_ref = models.BigIntegerField(_("cluster"))
    node_ref = models.BigIntegerField(_("node"), null=True, blank=True)
    service_ref = models.BigIntegerField(_("service"), null=True, blank=True)
    cpu_limit_cores = models.FloatField(_("CPU limit (cores)"), null=True, blank=True)
    memory_limit_bytes = models.FloatField(_("memory limit (bytes)"), null=True, blank=True)
    created_at = models.DateTimeField(_("first seen"), auto_now_add=True)
    last_sample_at = models.DateTimeField(_("last sample"), db_index=True)

    class Meta:
        """One row an object; its siblings are summed by cluster and by service."""

        verbose_name = _("measured object")
        verbose_name_plural = _("measured objects")
        constraints = [
            models.UniqueConstraint(fields=["kind", "ref"], name="one_row_per_measured_object")
        ]
        indexes = [
            models.Index(fields=["cluster_ref", "kind", "-cpu_cores"], name="measured_of_cluster"),
            models.Index(fields=["service_ref"], name="measured_of_service"),
        ]

    def __str__(self) -> str:
        """Kind and name."""
        return f"{self.kind} {self.label}"


class Sample(Measured):
    """What one object used at one moment; kept for two days."""

    pk = models.CompositePrimaryKey("object_id", "at_s")
    object = models.ForeignKey(
        MetricObject,
        verbose_name=_("object"),
        on_delete=models.CASCADE,
        related_name="samples",
        db_index=False,
    )
    at_s = models.BigIntegerField(_("at (seconds since 1970)"))

    class Meta:
        """The key serves "one object, from then to then"."""

        verbose_name = _("sample")
        verbose_name_plural = _("samples")


class MinuteSample(models.Model):
    """Count, sum, least and greatest of each measure over one minute; kept for a week."""

    pk = models.CompositePrimaryKey("object_id", "minute_s")
    object = models.ForeignKey(
        MetricObject,
        verbose_name=_("object"),
        on_delete=models.CASCADE,
        related_name="minutes",
        db_index=False,
    )
    minute_s = models.BigIntegerField(_("minute (seconds since 1970)"))

    class Meta:
        """The key serves "one object, from then to then"."""

        verbose_name = _("minute")
        verbose_name_plural = _("minutes")


SUMMARY_PARTS = ("count", "sum", "min", "max")

# Four columns for each measure: written out they would be forty lines that say this.
for _measure in MEASURES:
    MinuteSample.add_to_class(f"{_measure}_count", models.SmallIntegerField(null=True))
    for _part in SUMMARY_PARTS[1:]:
        MinuteSample.add_to_class(f"{_measure}_{_part}", models.FloatField(null=True))
