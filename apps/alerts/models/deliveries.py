"""What was told, where, and how it went."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.alerts.models.alerts import Alert
from apps.alerts.models.channels import Channel, Route
from apps.alerts.models.rules import Severity
from apps.alerts.models.silences import Silence


class Notice(models.Model):
    """One step of an alert on one route, from the outbox until it is part of a message."""

    class Kind(models.TextChoices):
        """Why it is told."""

        FIRED = "fired", _("fired")
        CLEARED = "cleared", _("over")
        REPEAT = "repeat", _("still open")

    class Outcome(models.TextChoices):
        """What became of it."""

        WAITING = "waiting", _("waiting")
        TOLD = "told", _("told")
        SILENCED = "silenced", _("silenced")
        PASSED = "passed", _("over before it was told")

    route = models.ForeignKey(Route, on_delete=models.CASCADE, related_name="notices")
    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=16, choices=Kind)
    outcome = models.CharField(max_length=16, choices=Outcome, default=Outcome.WAITING)
    silence = models.ForeignKey(
        Silence, null=True, blank=True, on_delete=models.SET_NULL, related_name="notices"
    )
    group_key = models.CharField(max_length=160)
    at = models.DateTimeField()
    ready_at = models.DateTimeField()

    class Meta:
        """Part of delivery's machinery, so it has no rights of its own."""

        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["ready_at"], condition=Q(outcome="waiting"), name="notices_that_wait"
            ),
            models.Index(fields=["route", "alert", "-at"], name="notices_of_alert"),
        ]

    def __str__(self) -> str:
        """What of which alert."""
        return f"{self.alert_id} {self.kind}"


class Delivery(models.Model):
    """One message to one channel."""

    class Kind(models.TextChoices):
        """What it tells."""

        ALERTS = "alerts", _("alerts")
        REPEAT = "repeat", _("reminder")
        DIGEST = "digest", _("catch-up")
        TEST = "test", _("test")

    class State(models.TextChoices):
        """Where it stands. What failed is tried again; what was given up is not."""

        WAITING = "waiting", _("waiting")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed, will be tried again")
        GIVEN_UP = "given_up", _("given up")
        HELD = "held", _("held until quiet hours end")
        CAUGHT_UP = "caught_up", _("told in a catch-up")
        SILENCED = "silenced", _("silenced")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    channel = models.ForeignKey(
        Channel, null=True, on_delete=models.SET_NULL, related_name="deliveries"
    )
    channel_name = models.CharField(_("channel"), max_length=120)
    route = models.ForeignKey(
        Route, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.ALERTS)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.WAITING)
    severity = models.CharField(_("severity"), max_length=16, choices=Severity)
    title = models.CharField(_("title"), max_length=250)
    text = models.TextField(_("text"), blank=True)
    facts = models.JSONField(default=dict, blank=True)
    curve = models.JSONField(default=dict, blank=True)
    alerts = models.ManyToManyField(Alert, related_name="deliveries", blank=True)
    because = models.CharField(
        _("held or silenced by"), max_length=250, blank=True, help_text=_("Quiet hours, a silence.")
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    created_at = models.DateTimeField(_("made"), auto_now_add=True, db_index=True)
    next_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    problem = models.CharField(max_length=16, blank=True)
    detail = models.CharField(max_length=300, blank=True)
    status = models.PositiveIntegerField(_("status"), null=True, blank=True)
    duration_ms = models.PositiveIntegerField(_("took (ms)"), null=True, blank=True)

    class Meta:
        """Newest first; nobody edits one, sending again is the change."""

        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-created_at", "-pk"]
        default_permissions = ("view", "change")
        indexes = [
            models.Index(
                fields=["next_at"],
                condition=Q(state__in=["waiting", "failed", "sending"]),
                name="deliveries_to_send",
            ),
            models.Index(fields=["channel"], condition=Q(state="held"), name="deliveries_held"),
        ]

    def __str__(self) -> str:
        """Its title."""
        return self.title

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done with it."""
        return self.state in OPEN_STATES


OPEN_STATES = (Delivery.State.WAITING, Delivery.State.SENDING, Delivery.State.FAILED)
