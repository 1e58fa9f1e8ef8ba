"""What is watched: a condition on a metric or an event, of which objects, and how long it must hold."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

LONGEST_S = 7 * 24 * 3600


class Severity(models.TextChoices):
    """How much it matters."""

    INFO = "info", _("information")
    WARNING = "warning", _("warning")
    CRITICAL = "critical", _("critical")


class AlertRule(models.Model):
    """A condition in words that a person can read; the units of `value` follow from metric and comparison."""

    class Condition(models.TextChoices):
        """What is compared with the value."""

        THRESHOLD = "threshold", _("a metric's mean")
        RATE = "rate", _("how fast a metric grows")
        ABSENCE = "absence", _("how long there was no sample")
        FORECAST = "forecast", _("what the outlook expects of a metric")
        TIME_TO_FULL = "time_to_full", _("how soon something is full")
        EVENT = "event", _("a fact about the cluster")

    class Selection(models.TextChoices):
        """Which objects of the kind are watched."""

        ALL = "all", _("all of them")
        CLUSTER = "cluster", _("those of one cluster")
        NAME = "name", _("those whose name matches a pattern")
        LABEL = "label", _("those that carry a label")
        STACK = "stack", _("those of one stack")
        OBJECT = "object", _("just one")

    class Against(models.TextChoices):
        """What the metric is compared with: itself, or a share of something in percent."""

        ABSOLUTE = "absolute", _("a value in the metric's own unit")
        LIMIT = "limit", _("a share of its limit")
        RESERVATION = "reservation", _("a share of its reservation")
        HOST = "host", _("a share of what its machine has")

    class Comparison(models.TextChoices):
        """Which side of the value is trouble."""

        ABOVE = "above", _("at or above")
        BELOW = "below", _("at or below")

    name = models.CharField(_("name"), max_length=120, unique=True)
    is_enabled = models.BooleanField(_("on"), default=True)
    condition = models.CharField(_("what is looked at"), max_length=16, choices=Condition)
    metric = models.CharField(
        _("metric or fact"), max_length=40, help_text=_("A measure, or the name of a fact.")
    )
    object_kind = models.CharField(_("of every"), max_length=16)
    selection = models.CharField(
        _("which of them"), max_length=16, choices=Selection, default=Selection.ALL
    )
    selector = models.CharField(_("pattern, label, stack or number"), max_length=250, blank=True)
    cluster = models.ForeignKey(
        "nodes.Cluster",
        verbose_name=_("cluster"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text=_("Empty: in every cluster."),
    )
    against = models.CharField(
        _("compared with"), max_length=16, choices=Against, default=Against.ABSOLUTE
    )
    comparison = models.CharField(
        _("trouble is"), max_length=8, choices=Comparison, default=Comparison.ABOVE
    )
    value = models.FloatField(_("value"), default=0)
    window_s = models.PositiveIntegerField(
        _("looked at over (s)"), default=60, validators=[MaxValueValidator(LONGEST_S)]
    )
    for_s = models.PositiveIntegerField(
        _("must hold for (s)"), default=0, validators=[MaxValueValidator(LONGEST_S)]
    )
    clear_value = models.FloatField(
        _("is over at"), null=True, blank=True, help_text=_("Empty: at the value itself.")
    )
    clear_for_s = models.PositiveIntegerField(
        _("must be over for (s)"), default=60, validators=[MaxValueValidator(LONGEST_S)]
    )
    min_samples = models.PositiveSmallIntegerField(_("samples needed"), default=1)
    severity = models.CharField(
        _("severity"), max_length=16, choices=Severity, default=Severity.WARNING
    )
    words = models.TextField(_("what to do"), blank=True)
    stock_key = models.CharField(
        _("ready-made rule"), max_length=40, unique=True, null=True, blank=True, editable=False
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("made by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
    )
    matched = models.PositiveIntegerField(
        _("objects in trouble at the last look"), default=0, editable=False
    )
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        """By name."""

        verbose_name = _("alert rule")
        verbose_name_plural = _("alert rules")
        ordering = ["name"]

    def __str__(self) -> str:
        """The rule's name."""
        return self.name

    @property
    def title(self) -> str:
        """The name; those that come with the portal are translated."""
        return gettext(self.name) if self.name else ""

    @property
    def advice(self) -> str:
        """What to do; likewise."""
        return gettext(self.words) if self.words else ""

    @property
    def is_stock(self) -> bool:
        """Whether it came with the portal."""
        return self.stock_key is not None

    @property
    def is_above(self) -> bool:
        """Whether more is worse."""
        return self.comparison == self.Comparison.ABOVE
