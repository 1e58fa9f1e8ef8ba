"""What right-sizing remembers: a sketch of each service's days, what follows from them, and who is quiet."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class SizingProgress(models.Model):
    """One row: up to which moment minutes were taken in; who moves it on has the hour to himself."""

    folded_until_s = models.BigIntegerField(_("taken in up to (seconds since 1970)"))

    class Meta:
        """Nobody looks at it."""

        verbose_name = _("progress of right-sizing")
        verbose_name_plural = _("progress of right-sizing")
        default_permissions = ()

    def __str__(self) -> str:
        """The moment."""
        return str(self.folded_until_s)


class ServiceUsageDay(models.Model):
    """What a service's tasks used on one day (UTC): counts of one-minute means by bins, and the highest samples."""

    service = models.ForeignKey(
        "workloads.Service",
        verbose_name=_("service"),
        on_delete=models.CASCADE,
        related_name="usage_days",
    )
    day = models.DateField(_("day"))
    minutes = models.PositiveIntegerField(_("minutes with figures"), default=0)
    cpu_bins = models.JSONField(_("CPU"), default=dict)
    memory_bins = models.JSONField(_("memory"), default=dict)
    throttled_bins = models.JSONField(_("held back"), default=dict)
    cpu_highest = models.FloatField(_("highest CPU (cores)"), null=True)
    memory_highest = models.FloatField(_("highest memory (bytes)"), null=True)

    class Meta:
        """One row a service and day."""

        verbose_name = _("day of a service")
        verbose_name_plural = _("days of services")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["service", "day"], name="one_row_per_service_and_day")
        ]

    def __str__(self) -> str:
        """Service and day."""
        return f"{self.service_id} {self.day}"


class ServiceSizing(models.Model):
    """One service: use a task, what it reserved when that was reckoned, what it should, and what that frees."""

    class Verdict(models.TextChoices):
        """How reservations and limits fit, the worst first."""

        TIGHT = "tight", _("too tight")
        WIDE = "wide", _("too wide")
        UNSET = "unset", _("nothing reserved")
        FITS = "fits", _("fits")
        YOUNG = "young", _("too little data")
        UNKNOWN = "unknown", _("not measured")

    service = models.OneToOneField(
        "workloads.Service",
        verbose_name=_("service"),
        on_delete=models.CASCADE,
        related_name="sizing",
    )
    reckoned_at = models.DateTimeField(_("reckoned"))
    days = models.FloatField(_("days of data"), default=0)
    tasks = models.PositiveIntegerField(_("tasks"), default=0)
    verdict = models.CharField(_("verdict"), max_length=8, choices=Verdict, db_index=True)

    cpu_verdict = models.CharField(_("CPU"), max_length=8, choices=Verdict)
    cpu_p50 = models.FloatField(_("CPU, P50 (cores)"), null=True)
    cpu_p95 = models.FloatField(_("CPU, P95 (cores)"), null=True)
    cpu_highest = models.FloatField(_("CPU, highest (cores)"), null=True)
    cpu_throttled_share = models.FloatField(_("held back, P95"), null=True)
    cpu_reservation = models.FloatField(_("CPU reserved (cores)"), default=0)
    cpu_limit = models.FloatField(_("CPU limit (cores)"), default=0)
    cpu_suggested_reservation = models.FloatField(_("CPU to reserve (cores)"), null=True)
    cpu_suggested_limit = models.FloatField(_("CPU to limit to (cores)"), null=True)
    cpu_saving = models.FloatField(_("cores freed"), default=0)

    memory_verdict = models.CharField(_("memory"), max_length=8, choices=Verdict)
    memory_p50 = models.FloatField(_("memory, P50 (bytes)"), null=True)
    memory_p95 = models.FloatField(_("memory, P95 (bytes)"), null=True)
    memory_highest = models.FloatField(_("memory, highest (bytes)"), null=True)
    memory_reservation = models.FloatField(_("memory reserved (bytes)"), default=0)
    memory_limit = models.FloatField(_("memory limit (bytes)"), default=0)
    memory_suggested_reservation = models.FloatField(_("memory to reserve (bytes)"), null=True)
    memory_suggested_limit = models.FloatField(_("memory to limit to (bytes)"), null=True)
    memory_saving = models.FloatField(_("bytes freed"), default=0)

    class Meta:
        """Whoever may view services may view it; it has no rights of its own."""

        verbose_name = _("right-sizing")
        verbose_name_plural = _("right-sizing")
        default_permissions = ()
        ordering = ["service__name", "pk"]

    def __str__(self) -> str:
        """The service's name."""
        return str(self.service)


class QuietContainer(models.Model):
    """A container that used next to nothing in every minute since; one that does something has no row."""

    container = models.OneToOneField(
        "workloads.Container",
        verbose_name=_("container"),
        on_delete=models.CASCADE,
        related_name="quiet",
    )
    since_s = models.BigIntegerField(_("quiet since (seconds since 1970)"), db_index=True)
    minutes = models.PositiveIntegerField(_("minutes with figures"), default=0)
    memory_bytes = models.FloatField(_("memory that it holds (bytes)"), null=True)

    class Meta:
        """Seen with its container."""

        verbose_name = _("quiet container")
        verbose_name_plural = _("quiet containers")
        default_permissions = ()

    def __str__(self) -> str:
        """Which one."""
        return str(self.container)


class ThrottledSample(models.Model):
    """A moment at which a container was held back by its CPU limit; kept until its hour is taken in."""

    container_ref = models.BigIntegerField(_("container"))
    at_s = models.BigIntegerField(_("at (seconds since 1970)"), db_index=True)
    share = models.FloatField(_("share of periods held back"))

    class Meta:
        """What an agent told twice is there once."""

        verbose_name = _("throttled sample")
        verbose_name_plural = _("throttled samples")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["container_ref", "at_s"], name="one_row_per_throttled_moment"
            )
        ]

    def __str__(self) -> str:
        """Which container, when."""
        return f"{self.container_ref} {self.at_s}"
