"""What is not told for a while: silences of some alerts, quiet hours of channels."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.alerts.models.channels import Channel, check_time_zone
from apps.alerts.models.rules import AlertRule, Severity
from apps.alerts.rules.quiet import Interval, Quiet, Window


def in_four_hours() -> dt.datetime:
    """The end that a form proposes."""
    return timezone.now() + dt.timedelta(hours=4)


class Silence(models.Model):
    """Alerts that are recorded and not told, from one moment to another; every matcher that is set must fit."""

    rule = models.ForeignKey(
        AlertRule,
        verbose_name=_("rule"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="silences",
    )
    cluster = models.ForeignKey(
        "nodes.Cluster",
        verbose_name=_("cluster"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
    )
    object_kind = models.CharField(_("kind of object"), max_length=16, blank=True)
    object_label = models.CharField(
        _("object"), max_length=250, blank=True, help_text=_("A name; * stands for anything.")
    )
    label = models.CharField(
        _("label"),
        max_length=250,
        blank=True,
        help_text=_("Of the service, container or node: key, or key=value."),
    )
    begins_at = models.DateTimeField(_("from"), default=timezone.now)
    ends_at = models.DateTimeField(_("to"), default=in_four_hours)
    reason = models.CharField(_("reason"), max_length=500)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
    )
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    is_caught_up = models.BooleanField(default=False, editable=False)

    class Meta:
        """Those that end last first."""

        verbose_name = _("silence")
        verbose_name_plural = _("silences")
        ordering = ["-ends_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gte=F("begins_at")), name="a_silence_ends_after_its_begin"
            )
        ]

    def __str__(self) -> str:
        """What is silent."""
        parts = [str(self.rule) if self.rule else "", self.object_label, self.label]
        said = [part for part in (*parts, str(self.cluster) if self.cluster else "") if part]
        return ", ".join(said) or str(_("everything"))

    def is_on(self, at: dt.datetime) -> bool:
        """Whether it holds at a moment."""
        return self.begins_at <= at < self.ends_at


class QuietHours(models.Model):
    """When a channel holds messages back: each week at some hours, or once."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    is_enabled = models.BooleanField(_("on"), default=True)
    days = models.JSONField(_("on"), default=list, blank=True)
    begins = models.TimeField(_("from"), null=True, blank=True)
    ends = models.TimeField(_("to"), null=True, blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[check_time_zone]
    )
    once_begins_at = models.DateTimeField(_("once, from"), null=True, blank=True)
    once_ends_at = models.DateTimeField(_("once, to"), null=True, blank=True)
    breaks_through = models.CharField(
        _("told all the same"),
        max_length=16,
        choices=[
            (Severity.CRITICAL.value, _("critical alerts")),
            (Severity.WARNING.value, _("warnings and critical alerts")),
            ("", _("nothing")),
        ],
        default=Severity.CRITICAL,
        blank=True,
    )
    channels = models.ManyToManyField(
        Channel,
        verbose_name=_("channels"),
        blank=True,
        related_name="quiet_hours",
        help_text=_("None named: all of them."),
    )

    class Meta:
        """By name."""

        verbose_name = _("quiet hours")
        verbose_name_plural = _("quiet hours")
        ordering = ["name"]

    def __str__(self) -> str:
        """The name."""
        return self.name

    @property
    def quiet(self) -> Quiet:
        """As the rules reckon with it."""
        return Quiet(windows=tuple(self._windows()), breaks_through=self.breaks_through or None)

    def _windows(self) -> list[Window | Interval]:
        windows: list[Window | Interval] = []
        if self.days and self.begins is not None and self.ends is not None:
            days = frozenset(int(day) for day in self.days)
            windows.append(
                Window(days=days, begins=self.begins, ends=self.ends, zone=self.time_zone)
            )
        if self.once_begins_at is not None and self.once_ends_at is not None:
            windows.append(Interval(self.once_begins_at, self.once_ends_at))
        return windows
