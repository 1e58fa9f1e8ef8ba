"""One garbage collection: which step it reached, and what came of it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Collection(models.Model):
    """Written before each step, so that what a restart interrupts is put right afterwards."""

    class Step(models.TextChoices):
        """In their order; the last three are final."""

        WAITING = "waiting", _("waiting")
        MEASURING = "measuring", _("measuring")
        CLOSING = "closing", _("making the registry read-only")
        COLLECTING = "collecting", _("collecting")
        RESTARTING = "restarting", _("restarting the registry")
        VERIFYING = "verifying", _("verifying")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        INTERRUPTED = "interrupted", _("interrupted")

    operation = models.UUIDField(_("operation"), null=True, blank=True)
    is_dry_run = models.BooleanField(_("estimate only"), default=False)
    step = models.CharField(_("step"), max_length=16, choices=Step, default=Step.WAITING)
    started_by = models.CharField(_("started by"), max_length=150, blank=True)
    started_at = models.DateTimeField(_("started"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    manifests_kept = models.PositiveIntegerField(_("manifests kept"), default=0)
    blobs_kept = models.PositiveIntegerField(_("blobs kept"), default=0)
    blobs_deleted = models.PositiveIntegerField(_("blobs that go"), default=0)
    bytes_before = models.PositiveBigIntegerField(_("bytes before"), default=0)
    bytes_won = models.PositiveBigIntegerField(_("bytes won"), default=0)
    repositories_removed = models.JSONField(_("repositories removed"), default=list, blank=True)
    missing_before = models.JSONField(_("blobs missing before"), default=list, blank=True)
    problem = models.TextField(_("problem"), blank=True)

    class Meta:
        """Latest first."""

        verbose_name = _("garbage collection")
        verbose_name_plural = _("garbage collections")
        ordering = ["-pk"]
        permissions = [("collect_garbage", _("May collect the registry's garbage"))]

    def __str__(self) -> str:
        """When."""
        return f"{self.started_at:%Y-%m-%d %H:%M}"


FINAL_STEPS = frozenset({Collection.Step.DONE, Collection.Step.FAILED, Collection.Step.INTERRUPTED})
