"""What is measured, and the samples: one wide row an object and tick, summed up in three tiers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext_lazy as _

from apps.metrics.measures import MEASURES
from apps.metrics.outlooks.models import Outlook, OutlookTurn, TimeToFull
from apps.metrics.right_sizing.models import (
    QuietContainer,
    ServiceSizing,
    ServiceUsageDay,
    SizingProgress,
    ThrottledSample,
)

__all__ = [
    "MetricObject",
    "MinuteSample",
    "Outlook",
    "OutlookTurn",
    "QuietContainer",
    "Sample",
    "ServiceSizing",
    "ServiceUsageDay",
    "SizingProgress",
    "ThrottledSample",
    "TimeToFull",
]

if TYPE_CHECKING:
    _FloatField = models.FloatField[float | None, float | None]
else:
    _FloatField = models.FloatField


class RealField(_FloatField):
    """A number of four bytes on PostgreSQL: right to one part in 16 million, 1 KiB of 16 GiB."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """The same word on all databases."""
        return "real"


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
        STACK = "stack", _("stack")
        CONTAINER = "container", _("container")
        VOLUME = "volume", _("volume")
        NAMESPACE = "namespace", _("registry namespace")

    class Source(models.TextChoices):
        """Where the figures come from."""

        HOST = "host", _("the machine itself")
        AGENT = "agent", _("the node's agent")
        CONTAINERS = "containers", _("the sum of its containers")
        NODES = "nodes", _("the sum of its nodes")
        ENGINE = "engine", _("the engine")
        REGISTRY = "registry", _("the registry's catalogue")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    ref = models.BigIntegerField(_("object's number"))
    label = models.CharField(_("name"), max_length=250)
    source = models.CharField(_("told by"), max_length=16, choices=Source)
    cluster_ref = models.BigIntegerField(_("cluster"), help_text=_("0 is none"))
    node_ref = models.BigIntegerField(_("node"), null=True, blank=True)
    service_ref = models.BigIntegerField(_("service"), null=True, blank=True)
    stack_ref = models.BigIntegerField(_("stack"), null=True, blank=True)
    cpu_limit_cores = models.FloatField(_("CPU limit (cores)"), null=True, blank=True)
    memory_limit_bytes = models.FloatField(_("memory limit (bytes)"), null=True, blank=True)
    created_at = models.DateTimeField(_("first seen"), auto_now_add=True)
    last_sample_at = models.DateTimeField(_("last sample"), db_index=True)

    class Meta:
        """One row an object; its siblings are summed by cluster, service and stack."""

        verbose_name = _("measured object")
        verbose_name_plural = _("measured objects")
        constraints = [
            models.UniqueConstraint(fields=["kind", "ref"], name="one_row_per_measured_object")
        ]
        indexes = [
            models.Index(fields=["cluster_ref", "kind", "-cpu_cores"], name="measured_of_cluster"),
            models.Index(fields=["service_ref"], name="measured_of_service"),
            models.Index(fields=["stack_ref"], name="measured_of_stack"),
        ]

    def __str__(self) -> str:
        """Kind and name."""
        return f"{self.kind} {self.label}"


class OfObject(models.Model):
    """A row about one object; no constraint, since each would be looked up for each sample."""

    object = models.ForeignKey(
        MetricObject,
        verbose_name=_("object"),
        on_delete=models.CASCADE,
        related_name="%(class)ss",
        db_index=False,
        db_constraint=False,
    )

    class Meta:
        """No table of its own."""

        abstract = True


class Sample(OfObject):
    """What one object used at one moment; the migration makes the table as each database keeps it best."""

    pk = models.CompositePrimaryKey("object_id", "at_s")
    at_s = models.IntegerField(_("at (seconds since 1970)"))

    class Meta:
        """The key serves "one object, from then to then"."""

        verbose_name = _("sample")
        verbose_name_plural = _("samples")


class SealedHour(OfObject):
    """One object's samples of an hour that is over, packed."""

    pk = models.CompositePrimaryKey("object_id", "hour_s")
    hour_s = models.IntegerField(_("hour (seconds since 1970)"))
    count = models.SmallIntegerField(_("samples"))
    offsets = models.IntegerField(_("sum of their seconds within the hour"))
    packed = models.BinaryField(_("packed samples"))

    class Meta:
        """The key serves "one object, from then to then"."""

        verbose_name = _("sealed hour")
        verbose_name_plural = _("sealed hours")


class MinuteSample(OfObject):
    """Count, sum, least and greatest of each measure over one minute."""

    pk = models.CompositePrimaryKey("object_id", "minute_s")
    minute_s = models.IntegerField(_("minute (seconds since 1970)"))

    class Meta:
        """The key serves "one object, from then to then"."""

        verbose_name = _("minute")
        verbose_name_plural = _("minutes")


class QuarterSample(OfObject):
    """The same over a quarter of an hour."""

    pk = models.CompositePrimaryKey("object_id", "quarter_s")
    quarter_s = models.IntegerField(_("quarter (seconds since 1970)"))

    class Meta:
        """The key serves "one object, from then to then"."""

        verbose_name = _("quarter of an hour")
        verbose_name_plural = _("quarters of an hour")


class TwoHourSample(OfObject):
    """The same over two hours."""

    pk = models.CompositePrimaryKey("object_id", "two_hours_s")
    two_hours_s = models.IntegerField(_("two hours (seconds since 1970)"))

    class Meta:
        """The key serves "one object, from then to then"."""

        verbose_name = _("two hours")
        verbose_name_plural = _("two hours")


SUMMARY_PARTS = ("sum", "min", "max", "count")
SUMMARY_COLUMNS = tuple(f"{measure}_{part}" for part in SUMMARY_PARTS for measure in MEASURES)

# Eleven and 44 columns that say no more than this; sums first, so that none needs padding before it.
for _measure in MEASURES:
    Sample.add_to_class(_measure, RealField(null=True))
for _model in (MinuteSample, QuarterSample, TwoHourSample):
    for _measure in MEASURES:
        _model.add_to_class(f"{_measure}_sum", models.FloatField(null=True))
    for _part in ("min", "max"):
        for _measure in MEASURES:
            _model.add_to_class(f"{_measure}_{_part}", RealField(null=True))
    for _measure in MEASURES:
        _model.add_to_class(f"{_measure}_count", models.SmallIntegerField(null=True))


class Retention(models.Model):
    """How long each tier is kept; one row, which an operator changes."""

    raw_hours = models.PositiveSmallIntegerField(
        _("raw samples, as they came (hours)"),
        default=24,
        validators=[MinValueValidator(3), MaxValueValidator(168)],
    )
    sealed_days = models.PositiveSmallIntegerField(
        _("raw samples, packed (days)"),
        default=14,
        validators=[MinValueValidator(1), MaxValueValidator(90)],
    )
    minute_days = models.PositiveSmallIntegerField(
        _("minutes (days)"),
        default=7,
        validators=[MinValueValidator(2), MaxValueValidator(90)],
    )
    quarter_days = models.PositiveSmallIntegerField(
        _("quarters of an hour (days)"),
        default=90,
        validators=[MinValueValidator(2), MaxValueValidator(400)],
    )
    two_hours_days = models.PositiveSmallIntegerField(
        _("two hours (days)"),
        default=731,
        validators=[MinValueValidator(2), MaxValueValidator(3660)],
    )
    found = models.JSONField(_("what the tables take"), default=dict, editable=False)
    found_at = models.DateTimeField(_("looked at"), null=True, editable=False)

    class Meta:
        """Its page is for those who may change it."""

        verbose_name = _("retention of usage")
        verbose_name_plural = _("retention of usage")
        default_permissions = ("view", "change")

    def __str__(self) -> str:
        """There is one."""
        return str(self._meta.verbose_name)
