"""Forecasts with the moment they were made, and how they did; when something will be full."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Outlook(models.Model):
    """One forecast of one measure: hours packed, and the marks it got before and after."""

    object = models.ForeignKey(
        "metrics.MetricObject",
        verbose_name=_("object"),
        on_delete=models.CASCADE,
        related_name="outlooks",
        db_index=False,
    )
    measure = models.CharField(_("measure"), max_length=32)
    horizon_h = models.PositiveSmallIntegerField(_("hours ahead"))
    step_s = models.PositiveIntegerField(_("step (s)"), default=3600)
    start_s = models.BigIntegerField(_("first hour (seconds since 1970)"))
    issued_at = models.DateTimeField(_("made"), db_index=True)
    packed = models.BinaryField(_("expected values and band"))
    capacity = models.FloatField(_("capacity"), null=True, blank=True)
    against_yesterday = models.FloatField(
        _("error saved against the same hour yesterday"), null=True, blank=True
    )
    against_last_value = models.FloatField(
        _("error saved against the last value"), null=True, blank=True
    )
    checks = models.PositiveSmallIntegerField(_("forecasts tried again"), default=0)
    is_proven = models.BooleanField(_("has skill"), default=False)
    known_hours = models.PositiveSmallIntegerField(_("hours that came"), null=True, blank=True)
    hits = models.PositiveSmallIntegerField(_("of them in the band"), null=True, blank=True)
    error = models.FloatField(_("mean error"), null=True, blank=True)
    error_yesterday = models.FloatField(
        _("mean error of the same hour yesterday"), null=True, blank=True
    )
    error_last_value = models.FloatField(_("mean error of the last value"), null=True, blank=True)

    class Meta:
        """The key serves "the newest of this measure", and makes a second try of an hour harmless."""

        verbose_name = _("outlook")
        verbose_name_plural = _("outlooks")
        constraints = [
            models.UniqueConstraint(
                fields=["object", "measure", "horizon_h", "start_s"], name="one_outlook_an_hour"
            )
        ]

    def __str__(self) -> str:
        """Measure and span."""
        return f"{self.measure} {self.horizon_h} h"

    @property
    def end_s(self) -> int:
        """When its last hour is over."""
        return self.start_s + self.horizon_h * self.step_s


class TimeToFull(models.Model):
    """When one thing reaches one share of its capacity; no row where it does not."""

    object = models.ForeignKey(
        "metrics.MetricObject",
        verbose_name=_("object"),
        on_delete=models.CASCADE,
        related_name="times_to_full",
        db_index=False,
    )
    measure = models.CharField(_("measure"), max_length=32)
    threshold = models.PositiveSmallIntegerField(_("of the capacity (%)"))
    expected_at = models.DateTimeField(_("expected"), db_index=True)
    early_at = models.DateTimeField(_("early"))
    late_at = models.DateTimeField(_("late"), null=True, blank=True)
    used = models.FloatField(_("used"))
    capacity = models.FloatField(_("capacity"))
    issued_at = models.DateTimeField(_("made"))

    class Meta:
        """The newest only: each refresh replaces the object's rows."""

        verbose_name = _("time to full")
        verbose_name_plural = _("times to full")
        constraints = [
            models.UniqueConstraint(
                fields=["object", "measure", "threshold"], name="one_time_to_full_a_threshold"
            )
        ]

    def __str__(self) -> str:
        """Measure and threshold."""
        return f"{self.measure} {self.threshold} %"


class OutlookTurn(models.Model):
    """The hour for which an object's outlooks were last made: whoever waits longest is next."""

    object = models.OneToOneField(
        "metrics.MetricObject",
        verbose_name=_("object"),
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="outlook_turn",
    )
    hour_s = models.BigIntegerField(_("hour (seconds since 1970)"), db_index=True)

    class Meta:
        """One row an object."""

        verbose_name = _("turn of an outlook")
        verbose_name_plural = _("turns of outlooks")

    def __str__(self) -> str:
        """The hour."""
        return str(self.hour_s)
