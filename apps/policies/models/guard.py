"""What is asked before a manifest is put or deleted: rules for tags and images, and quotas."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

PATTERNS_HELP = _("Patterns with * and ?, separated by commas; * also matches a slash.")


class Who(models.TextChoices):
    """The least role that may do something to a tag."""

    WRITER = "writer", _("writer (whoever may push)")
    MAINTAINER = "maintainer", _("maintainer")
    OWNER = "owner", _("owner")
    NOBODY = "nobody", _("nobody")


class ScopedRule(models.Model):
    """A rule for the repositories of one namespace, or of all of them."""

    namespace = models.ForeignKey(
        "registry.Namespace",
        verbose_name=_("namespace"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="%(class)ss",
        help_text=_("Left empty, the rule holds in every namespace."),
    )
    repositories = models.CharField(
        _("repositories"),
        max_length=250,
        default="*",
        help_text=_("Names below the namespace, such as app or tools/*.") + " " + PATTERNS_HELP,
    )
    is_enabled = models.BooleanField(_("switched on"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        """Each rule has its own table."""

        abstract = True

    @property
    def place(self) -> str:
        """Where it holds, as one pattern or several."""
        return f"{self.namespace.name if self.namespace else '*'}/{self.repositories}"


class TagRule(ScopedRule):
    """Tags that never move, or that only some roles may make, move or delete."""

    class Kind(models.TextChoices):
        """Two ways to hold on to a tag."""

        IMMUTABLE = "immutable", _("immutable: never overwritten, never deleted")
        PROTECTED = "protected", _("protected: by role")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.IMMUTABLE)
    tags = models.CharField(_("tags"), max_length=250, default="*", help_text=PATTERNS_HELP)
    who_creates = models.CharField(_("may create"), max_length=16, choices=Who, default=Who.WRITER)
    who_overwrites = models.CharField(
        _("may overwrite"), max_length=16, choices=Who, default=Who.MAINTAINER
    )
    who_deletes = models.CharField(
        _("may delete"), max_length=16, choices=Who, default=Who.MAINTAINER
    )

    class Meta:
        """Everywhere first, then by namespace."""

        verbose_name = _("tag rule")
        verbose_name_plural = _("tag rules")
        ordering = ["namespace__name", "pk"]

    def __str__(self) -> str:
        """What and where."""
        return f"{self.kind} {self.place}:{self.tags}"


class ImageRule(ScopedRule):
    """Which platforms images may have, and how large they may be."""

    platforms = models.CharField(
        _("platforms"),
        max_length=250,
        blank=True,
        help_text=_(
            "Such as linux/amd64, linux/arm64; a platform includes its variants. Empty allows all."
        ),
    )
    most_bytes = models.PositiveBigIntegerField(
        _("largest image (bytes)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Configuration and layers of one platform, compressed. Empty sets no limit."),
    )

    class Meta:
        """As above."""

        verbose_name = _("image rule")
        verbose_name_plural = _("image rules")
        ordering = ["namespace__name", "pk"]

    def __str__(self) -> str:
        """What and where."""
        return f"{self.place} {self.platforms or '*'}"


class Quota(models.Model):
    """How much a namespace may hold."""

    namespace = models.OneToOneField(
        "registry.Namespace",
        verbose_name=_("namespace"),
        on_delete=models.CASCADE,
        related_name="quota",
    )
    most_bytes = models.PositiveBigIntegerField(
        _("most bytes"),
        null=True,
        blank=True,
        help_text=_("Layers that several images share count once. Empty sets no limit."),
    )
    most_tags = models.PositiveIntegerField(
        _("most tags"), null=True, blank=True, help_text=_("Empty sets no limit.")
    )
    used_bytes = models.PositiveBigIntegerField(_("used bytes"), default=0, editable=False)
    counted_at = models.DateTimeField(_("counted"), null=True, blank=True, editable=False)
    counted_as = models.CharField(max_length=120, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        """By namespace."""

        verbose_name = _("quota")
        verbose_name_plural = _("quotas")
        ordering = ["namespace__name"]

    def __str__(self) -> str:
        """Whose."""
        return str(self.namespace)


class NamespaceBlob(models.Model):
    """One blob that a namespace with a quota holds, counted once however many images share it."""

    namespace = models.ForeignKey(
        "registry.Namespace", on_delete=models.CASCADE, related_name="quota_blobs"
    )
    digest = models.CharField(max_length=160)
    size_bytes = models.PositiveBigIntegerField()
    # When a push that the guard let through brought it; null once the catalogue has it.
    noted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """One row a blob."""

        constraints = [
            models.UniqueConstraint(fields=["namespace", "digest"], name="one_row_per_quota_blob")
        ]

    def __str__(self) -> str:
        """The digest."""
        return self.digest


class NotedPush(models.Model):
    """A new tag that the guard let through and the catalogue may not have yet."""

    namespace = models.ForeignKey(
        "registry.Namespace", on_delete=models.CASCADE, related_name="noted_pushes"
    )
    repository_name = models.CharField(max_length=255)
    tag = models.CharField(max_length=128)
    at = models.DateTimeField()

    class Meta:
        """One row a tag."""

        constraints = [
            models.UniqueConstraint(fields=["repository_name", "tag"], name="one_row_per_noted_tag")
        ]

    def __str__(self) -> str:
        """As docker writes it."""
        return f"{self.repository_name}:{self.tag}"
