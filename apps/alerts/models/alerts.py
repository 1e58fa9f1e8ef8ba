"""What a rule found, and its history."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.alerts.models.rules import AlertRule, Severity


class Alert(models.Model):
    """One object in trouble by one rule, from first sign to end; the rule's words are copied, so it outlives it."""

    class State(models.TextChoices):
        """Pending has not held long enough yet, and nobody was told."""

        PENDING = "pending", _("pending")
        FIRING = "firing", _("firing")
        CLEARED = "cleared", _("over")

    rule = models.ForeignKey(
        AlertRule,
        verbose_name=_("rule"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="alerts",
    )
    rule_name = models.CharField(_("rule"), max_length=120)
    severity = models.CharField(_("severity"), max_length=16, choices=Severity)
    words = models.TextField(_("what to do"), blank=True)
    metric = models.CharField(_("metric or fact"), max_length=40)
    unit = models.CharField(_("unit"), max_length=24, blank=True)
    object_kind = models.CharField(_("kind"), max_length=16)
    object_ref = models.BigIntegerField(_("object's number"))
    object_label = models.CharField(_("object"), max_length=250)
    cluster = models.ForeignKey(
        "nodes.Cluster",
        verbose_name=_("cluster"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="alerts",
    )
    state = models.CharField(_("state"), max_length=16, choices=State)
    opened_at = models.DateTimeField(_("first sign"))
    fired_at = models.DateTimeField(_("fired"), null=True, blank=True, db_index=True)
    cleared_at = models.DateTimeField(_("over"), null=True, blank=True)
    seen_at = models.DateTimeField(_("last seen"))
    clearing_since = models.DateTimeField(_("getting better since"), null=True, blank=True)
    last_value = models.FloatField(_("value"), null=True, blank=True)
    peak = models.FloatField(_("worst value"), null=True, blank=True)
    bound = models.FloatField(_("rule's value"), null=True, blank=True)
    culprits = models.JSONField(_("culprits"), default=list, blank=True)
    group_key = models.CharField(_("group"), max_length=120, blank=True)
    is_announced = models.BooleanField(_("people were told"), default=False)
    is_flapping = models.BooleanField(_("comes and goes"), default=False)
    inhibited_by = models.ForeignKey(
        "self",
        verbose_name=_("explained by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="inhibits",
    )
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("acknowledged by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True, blank=True)
    acknowledged_note = models.CharField(_("note"), max_length=500, blank=True)
    sequence = models.PositiveIntegerField(_("changes so far"), default=0)

    class Meta:
        """Newest first; at most one that is not over for a rule and an object."""

        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "object_kind", "object_ref"],
                condition=~Q(state="cleared"),
                name="one_open_alert_per_rule_and_object",
            )
        ]
        indexes = [
            models.Index(fields=["state", "severity"], name="alerts_by_state"),
            models.Index(fields=["object_kind", "object_ref"], name="alerts_of_object"),
        ]
        permissions = [("acknowledge_alert", _("Can acknowledge alerts"))]

    def __str__(self) -> str:
        """Which rule, and on what."""
        return f"{self.rule_name}: {self.object_label}"

    @property
    def title(self) -> str:
        """The rule's name; those that come with the portal are translated."""
        return gettext(self.rule_name) if self.rule_name else ""

    @property
    def advice(self) -> str:
        """What to do; likewise."""
        return gettext(self.words) if self.words else ""

    @property
    def is_open(self) -> bool:
        """Whether it is not over."""
        return self.state != self.State.CLEARED


class AlertChange(models.Model):
    """One step of an alert, never changed but for `is_told`: the history, and the outbox of what is to be told."""

    class Kind(models.TextChoices):
        """What happened; what is told to people is TOLD_KINDS."""

        OPENED = "opened", _("first sign")
        FIRED = "fired", _("fired")
        CLEARED = "cleared", _("over")
        INHIBITED = "inhibited", _("explained by another alert")
        RELEASED = "released", _("no longer explained by another alert")
        ACKNOWLEDGED = "acknowledged", _("acknowledged")
        UNACKNOWLEDGED = "unacknowledged", _("acknowledgement taken back")
        FLAPPING = "flapping", _("comes and goes: kept open")

    alert = models.ForeignKey(
        Alert, verbose_name=_("alert"), on_delete=models.CASCADE, related_name="changes"
    )
    at = models.DateTimeField(_("at"), db_index=True)
    kind = models.CharField(_("what"), max_length=16, choices=Kind)
    sequence = models.PositiveIntegerField(_("number"))
    value = models.FloatField(_("value"), null=True, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    note = models.CharField(_("note"), max_length=500, blank=True)
    is_told = models.BooleanField(_("handed to delivery"), default=False)

    class Meta:
        """Oldest first; what is not told yet is found without looking at the rest."""

        verbose_name = _("alert's change")
        verbose_name_plural = _("alerts' changes")
        ordering = ["at", "pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["alert", "sequence"], name="one_number_per_change")
        ]
        indexes = [
            models.Index(fields=["at"], condition=Q(is_told=False), name="changes_not_told_yet")
        ]

    def __str__(self) -> str:
        """What became of which alert."""
        return f"{self.alert_id} {self.kind}"
