"""What a scanner found in images, and what may be pulled in spite of it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Severity(models.TextChoices):
    """How bad a vulnerability is, the worst first."""

    CRITICAL = "critical", _("critical")
    HIGH = "high", _("high")
    MEDIUM = "medium", _("medium")
    LOW = "low", _("low")
    UNKNOWN = "unknown", _("unknown")


class ScanReport(models.Model):
    """What was found in one image; by digest, so that it is the same wherever the image lies."""

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("being scanned")
        DONE = "done", _("scanned")
        FAILED = "failed", _("failed")

    digest = models.CharField(_("digest"), max_length=160, unique=True)
    repository = models.CharField(
        _("repository"), max_length=255, help_text=_("where it was read from")
    )
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.WAITING)
    critical = models.PositiveIntegerField(_("critical"), default=0)
    high = models.PositiveIntegerField(_("high"), default=0)
    medium = models.PositiveIntegerField(_("medium"), default=0)
    low = models.PositiveIntegerField(_("low"), default=0)
    unknown = models.PositiveIntegerField(_("unknown"), default=0)
    findings = models.JSONField(_("findings"), default=list, blank=True)
    system = models.CharField(_("operating system"), max_length=100, blank=True)
    scanner = models.CharField(_("scanner"), max_length=100, blank=True)
    problem = models.TextField(_("problem"), blank=True)
    attempts = models.PositiveIntegerField(default=0)
    requested_at = models.DateTimeField(_("asked for"), auto_now_add=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    scanned_at = models.DateTimeField(_("scanned"), null=True, blank=True, db_index=True)

    class Meta:
        """Latest first."""

        verbose_name = _("scan report")
        verbose_name_plural = _("scan reports")
        ordering = ["-pk"]
        permissions = [("start_scan", _("May have images scanned"))]
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(state__in=["waiting", "running"]),
                name="scan_reports_waiting",
            )
        ]

    def __str__(self) -> str:
        """Repository and digest."""
        return f"{self.shown_place}@{self.digest}"

    @property
    def shown_place(self) -> str:
        """A repository that whoever asked may pull, where the row was read for a person."""
        return str(getattr(self, "place", self.repository))


class Sbom(models.Model):
    """What an image is made of, in one of the common forms; packed."""

    class Kind(models.TextChoices):
        """The form."""

        CYCLONEDX = "cyclonedx", "CycloneDX"
        SPDX = "spdx", "SPDX"

    report = models.ForeignKey(ScanReport, on_delete=models.CASCADE, related_name="sboms")
    kind = models.CharField(max_length=16, choices=Kind)
    packed = models.BinaryField()

    class Meta:
        """Part of its report, so it has no rights of its own."""

        verbose_name = _("software bill of materials")
        verbose_name_plural = _("software bills of materials")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["report", "kind"], name="one_sbom_a_kind")]


class ScanPolicy(models.Model):
    """Whether a namespace's pushes are scanned, and which of its images may not be pulled."""

    BLOCK = [choice for choice in Severity.choices if choice[0] != Severity.UNKNOWN]

    namespace = models.OneToOneField(
        "registry.Namespace",
        verbose_name=_("namespace"),
        on_delete=models.CASCADE,
        related_name="scan_policy",
    )
    scan_on_push = models.BooleanField(_("scan what is pushed"), default=True)
    block_from = models.CharField(
        _("block pulls from this severity on"),
        max_length=16,
        choices=BLOCK,
        blank=True,
        help_text=_("Empty, nothing is blocked."),
    )
    only_fixable = models.BooleanField(_("count only what has a fix"), default=False)
    block_unscanned = models.BooleanField(
        _("block what was not scanned"),
        default=False,
        help_text=_("Also while a scan is under way, or could not be made."),
    )
    excepted = models.TextField(
        _("exceptions"),
        blank=True,
        max_length=10_000,
        help_text=_("Vulnerabilities that are accepted, such as CVE-2019-1549, one a line."),
    )

    class Meta:
        """By namespace."""

        verbose_name = _("scan policy")
        verbose_name_plural = _("scan policies")
        ordering = ["namespace__name"]

    def __str__(self) -> str:
        """The namespace."""
        return str(self.namespace)
