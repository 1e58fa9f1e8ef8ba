"""The kernel's one table: operations, whatever a person starts that takes longer than a request."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class OperationState(models.TextChoices):
    """The life of an operation; the last three are final."""

    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    SUCCEEDED = "succeeded", _("succeeded")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


FINAL_STATES = frozenset(
    {OperationState.SUCCEEDED, OperationState.FAILED, OperationState.CANCELLED}
)


class Operation(models.Model):
    """Something a person started: what, on what, by whom, how far, and how it ended."""

    id = models.UUIDField(_("id"), primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=64, db_index=True)
    title = models.CharField(_("title"), max_length=250)
    state = models.CharField(
        _("state"),
        max_length=16,
        choices=OperationState,
        default=OperationState.QUEUED,
        db_index=True,
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("started by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="operations",
    )
    actor_label = models.CharField(_("started by (name)"), max_length=150)
    address = models.CharField(_("from address"), max_length=64, blank=True)
    credential = models.CharField(_("credential"), max_length=150, blank=True)
    target_kind = models.CharField(_("kind of target"), max_length=32, blank=True)
    target_id = models.CharField(_("target's id"), max_length=128, blank=True)
    target_label = models.CharField(_("target"), max_length=250, blank=True)
    parameters = models.JSONField(_("parameters"), default=dict, blank=True)
    log = models.JSONField(_("log"), default=list, blank=True)
    progress_percent = models.PositiveSmallIntegerField(_("progress (%)"), null=True, blank=True)
    cancel_requested = models.BooleanField(_("cancel requested"), default=False)
    result = models.JSONField(_("result"), default=dict, blank=True)
    error = models.TextField(_("error"), blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True, db_index=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        """Newest first."""

        verbose_name = _("operation")
        verbose_name_plural = _("operations")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        """The title, as lists show it."""
        return self.title

    @property
    def is_final(self) -> bool:
        """True when nothing more will happen."""
        return self.state in FINAL_STATES
