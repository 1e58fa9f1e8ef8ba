"""What is kept and what goes: rules, what each run did, and the latest verdict on each tag."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.policies.models.guard import PATTERNS_HELP


class RetentionRule(models.Model):
    """Which tags of a namespace are kept; a tag goes when a rule speaks of it and none keeps it."""

    class Schedule(models.TextChoices):
        """How often it runs by itself."""

        MANUAL = "manual", _("only when somebody starts it")
        DAILY = "daily", _("every night")
        WEEKLY = "weekly", _("every week, at night")

    namespace = models.ForeignKey(
        "registry.Namespace",
        verbose_name=_("namespace"),
        on_delete=models.CASCADE,
        related_name="retention_rules",
    )
    repositories = models.CharField(
        _("repositories"),
        max_length=250,
        default="*",
        help_text=_("Names below the namespace, such as app or tools/*.") + " " + PATTERNS_HELP,
    )
    tags = models.CharField(_("tags"), max_length=250, default="*", help_text=PATTERNS_HELP)
    keep_matching = models.CharField(
        _("keep those that match"), max_length=250, blank=True, help_text=PATTERNS_HELP
    )
    keep_last = models.PositiveIntegerField(
        _("keep the last"),
        null=True,
        blank=True,
        help_text=_("So many tags of each repository, by the time of their push."),
    )
    younger_than_days = models.PositiveIntegerField(
        _("keep those pushed within (days)"), null=True, blank=True
    )
    pulled_within_days = models.PositiveIntegerField(
        _("keep those pulled within (days)"), null=True, blank=True
    )
    untagged_days = models.PositiveIntegerField(
        _("drop what has no tag after (days)"),
        null=True,
        blank=True,
        help_text=_("Images without a tag that no index names. Empty keeps them."),
    )
    schedule = models.CharField(_("runs"), max_length=16, choices=Schedule, default=Schedule.MANUAL)
    is_enabled = models.BooleanField(_("switched on"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        """By namespace."""

        verbose_name = _("retention rule")
        verbose_name_plural = _("retention rules")
        ordering = ["namespace__name", "pk"]

    def __str__(self) -> str:
        """What it speaks of."""
        return f"{self.namespace}/{self.repositories}:{self.tags}"


class RetentionRun(models.Model):
    """One run over a namespace: what it deleted, and why each went."""

    class State(models.TextChoices):
        """How it stands."""

        RUNNING = "running", _("running")
        DONE = "done", _("done")
        STOPPED = "stopped", _("stopped")

    namespace = models.ForeignKey(
        "registry.Namespace",
        verbose_name=_("namespace"),
        on_delete=models.CASCADE,
        related_name="retention_runs",
    )
    operation = models.UUIDField(_("operation"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.RUNNING)
    is_scheduled = models.BooleanField(_("scheduled"), default=False)
    kept = models.PositiveIntegerField(_("kept"), default=0)
    deleted = models.PositiveIntegerField(_("deleted"), default=0)
    untagged = models.PositiveIntegerField(_("untagged images deleted"), default=0)
    skipped = models.PositiveIntegerField(_("left alone"), default=0)
    # The tag that is being taken off its digest, so that a run that dies in between is finished.
    under_way = models.JSONField(default=dict, blank=True)
    removed = models.JSONField(_("what was deleted"), default=list, blank=True)
    started_at = models.DateTimeField(_("started"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        """Latest first."""

        verbose_name = _("retention run")
        verbose_name_plural = _("retention runs")
        ordering = ["-pk"]

    def __str__(self) -> str:
        """Where and when."""
        return f"{self.namespace} {self.started_at:%Y-%m-%d %H:%M}"


class TagVerdict(models.Model):
    """What retention said of a tag when it last looked: why it is kept, or that it would go."""

    tag = models.OneToOneField(
        "registry.Tag", on_delete=models.CASCADE, related_name="verdict", primary_key=True
    )
    is_kept = models.BooleanField()
    reasons = models.JSONField(default=list)
    judged_at = models.DateTimeField()

    def __str__(self) -> str:
        """Kept or not."""
        return f"{self.pk} {self.is_kept}"
