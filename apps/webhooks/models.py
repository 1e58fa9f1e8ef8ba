"""Where events of the registry are told, and how each telling went."""

from __future__ import annotations

import uuid

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

name_validator = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$", _("Use letters, digits, spaces, dots and dashes.")
)


class EventKind(models.TextChoices):
    """What is told."""

    PUSH = "push", _("push")
    DELETE = "delete", _("delete")
    SCAN = "scan", _("scan")
    QUOTA = "quota", _("quota")
    RETENTION = "retention", _("retention")
    REPLICATION = "replication", _("replication")
    PING = "ping", _("test")


# A test is asked for by a button, not chosen.
CHOSEN_KINDS = tuple(choice for choice in EventKind.choices if choice[0] != EventKind.PING)


class Webhook(models.Model):
    """An address that gets events as signed JSON; the signing key is sealed."""

    name = models.CharField(_("name"), max_length=64, unique=True, validators=[name_validator])
    url = models.CharField(
        _("address"),
        max_length=500,
        help_text=_("The whole address, such as https://ci.example/hooks/registry."),
    )
    sealed_key = models.TextField(_("signing key"), editable=False)
    kinds = models.JSONField(_("events"), default=list)
    patterns = models.CharField(
        _("repositories"),
        max_length=500,
        default="*",
        help_text=_("Patterns such as team/* or */base, with spaces between; * is every one."),
    )
    is_active = models.BooleanField(
        _("switched on"), default=True, help_text=_("While it is off, nothing is kept for it.")
    )
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        """By name."""

        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["name"]

    def __str__(self) -> str:
        """The name."""
        return self.name


class WebhookDelivery(models.Model):
    """One event for one webhook: what is sent, how often it was tried, what was answered."""

    class State(models.TextChoices):
        """Where it stands; the last two are final."""

        WAITING = "waiting", _("waiting")
        SENDING = "sending", _("being sent")
        FAILED = "failed", _("failed, will be tried again")
        SENT = "sent", _("sent")
        GIVEN_UP = "given_up", _("given up")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    webhook = models.ForeignKey(
        Webhook, verbose_name=_("webhook"), on_delete=models.CASCADE, related_name="deliveries"
    )
    kind = models.CharField(_("event"), max_length=16, choices=EventKind)
    repository = models.CharField(_("repository"), max_length=255, blank=True)
    body = models.JSONField(_("body"), default=dict)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    created_at = models.DateTimeField(_("made"), auto_now_add=True, db_index=True)
    next_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    status = models.PositiveIntegerField(_("status"), null=True, blank=True)
    excerpt = models.CharField(_("answer"), max_length=1000, blank=True)
    problem = models.CharField(_("problem"), max_length=16, blank=True)
    duration_ms = models.PositiveIntegerField(_("took (ms)"), null=True, blank=True)

    class Meta:
        """Newest first; nobody edits one, sending again is the change."""

        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering = ["-created_at", "-pk"]
        default_permissions = ("view", "change")
        indexes = [
            models.Index(
                fields=["next_at"],
                condition=Q(state__in=["waiting", "failed", "sending"]),
                name="webhook_deliveries_to_send",
            )
        ]

    def __str__(self) -> str:
        """What of which repository."""
        return f"{self.kind} {self.repository}".rstrip()

    @property
    def is_open(self) -> bool:
        """Whether it is still to be sent."""
        return self.state in OPEN_STATES


OPEN_STATES = (
    WebhookDelivery.State.WAITING,
    WebhookDelivery.State.SENDING,
    WebhookDelivery.State.FAILED,
)
