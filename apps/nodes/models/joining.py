"""Join tokens, and the joins that were made with them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.nodes.models.certificate import AgentCertificate
from apps.nodes.models.cluster import Cluster
from apps.nodes.models.node import Node

JOIN_ROLES = [(Node.Role.WORKER, _("worker")), (Node.Role.MANAGER, _("manager"))]


class JoinToken(models.Model):
    """What the join line carries; the secret is shown once and kept as a digest."""

    key = models.CharField(_("key"), max_length=32, unique=True)
    digest = models.CharField(_("digest"), max_length=64, editable=False)
    cluster = models.ForeignKey(
        Cluster,
        verbose_name=_("cluster"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="join_tokens",
        help_text=_("Empty: the first host makes a new Swarm, the others join it."),
    )
    role = models.CharField(
        _("role"),
        max_length=16,
        choices=JOIN_ROLES,
        default=Node.Role.WORKER,
    )
    availability = models.CharField(
        _("availability"),
        max_length=16,
        choices=Node.Availability,
        default=Node.Availability.ACTIVE,
    )
    labels = models.JSONField(_("labels"), default=dict, blank=True)
    uses_allowed = models.PositiveSmallIntegerField(_("uses"), default=1)
    uses_taken = models.PositiveSmallIntegerField(_("used"), default=0, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("made by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
    )
    founder = models.OneToOneField(
        "Join",
        verbose_name=_("host that makes the Swarm"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
    )
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)

    class Meta:
        """Newest first; making one is a permission of its own, Django's `add_jointoken`."""

        verbose_name = _("join token")
        verbose_name_plural = _("join tokens")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        """Its public part."""
        return f"dcej_{self.key}"

    @property
    def is_usable(self) -> bool:
        """True while a new host may join with it."""
        is_alive = self.revoked_at is None and self.expires_at > timezone.now()
        return is_alive and self.uses_taken < self.uses_allowed


class Join(models.Model):
    """One host's way into a cluster, step by step; run again on the same host it goes on."""

    class State(models.TextChoices):
        """How far it is."""

        RUNNING = "running", _("running")
        SUCCEEDED = "succeeded", _("joined")
        FAILED = "failed", _("failed")
        LEFT = "left", _("left again")

    token = models.ForeignKey(
        JoinToken, verbose_name=_("join token"), on_delete=models.CASCADE, related_name="joins"
    )
    machine_id = models.CharField(_("machine"), max_length=128)
    hostname = models.CharField(_("hostname"), max_length=253)
    address = models.CharField(_("address"), max_length=253, blank=True)
    state = models.CharField(
        _("state"), max_length=16, choices=State, default=State.RUNNING, db_index=True
    )
    steps = models.JSONField(_("steps"), default=list)
    error = models.TextField(_("why it failed"), blank=True)
    certificate = models.ForeignKey(
        AgentCertificate,
        verbose_name=_("certificate"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    node = models.ForeignKey(
        Node,
        verbose_name=_("node"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="joins",
    )
    started_at = models.DateTimeField(_("started"), auto_now_add=True)
    updated_at = models.DateTimeField(_("last step"), auto_now=True)

    class Meta:
        """Newest first; one row a host and token."""

        verbose_name = _("join")
        verbose_name_plural = _("joins")
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["token", "machine_id"], name="one_join_per_host")
        ]

    def __str__(self) -> str:
        """The host's name and how far it is."""
        return f"{self.hostname} ({self.get_state_display()})"
