"""What the repository browser shows beside the catalogue's own rows: blobs, history, pulls, sizes, words to search."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

LONGEST_TERM = 200


class Blob(models.Model):
    """One piece of content, however many manifests list it: a layer, a configuration, a manifest itself."""

    digest = models.CharField(_("digest"), max_length=160, unique=True)
    size_bytes = models.PositiveBigIntegerField(_("size (bytes)"), default=0)

    class Meta:
        """As they came."""

        verbose_name = _("blob")
        verbose_name_plural = _("blobs")

    def __str__(self) -> str:
        """The digest."""
        return self.digest


class ManifestBlob(models.Model):
    """That a manifest needs a blob; the repository stands beside it, so that sizes need no further table."""

    manifest = models.ForeignKey(
        "registry.Manifest", on_delete=models.CASCADE, related_name="blobs", db_index=False
    )
    blob = models.ForeignKey(Blob, on_delete=models.CASCADE, related_name="uses", db_index=False)
    repository = models.ForeignKey(
        "registry.Repository", on_delete=models.CASCADE, related_name="blobs", db_index=False
    )

    class Meta:
        """Once each."""

        verbose_name = _("blob of a manifest")
        verbose_name_plural = _("blobs of manifests")
        constraints = [
            models.UniqueConstraint(fields=["manifest", "blob"], name="one_row_per_manifests_blob")
        ]
        indexes = [
            models.Index(fields=["repository", "blob"], name="manifestblob_of_repository"),
            models.Index(fields=["blob", "repository"], name="manifestblob_of_blob"),
        ]

    def __str__(self) -> str:
        """Both keys."""
        return f"{self.manifest_id} · {self.blob_id}"


class TagMove(models.Model):
    """What a tag pointed at, from when on; kept when the manifest goes."""

    repository = models.ForeignKey(
        "registry.Repository", on_delete=models.CASCADE, related_name="moves", db_index=False
    )
    tag_name = models.CharField(_("tag"), max_length=128)
    digest = models.CharField(_("digest"), max_length=160)
    at = models.DateTimeField(_("from"), default=timezone.now)
    by = models.CharField(_("pushed by"), max_length=150, blank=True)

    class Meta:
        """Latest first."""

        verbose_name = _("move of a tag")
        verbose_name_plural = _("moves of tags")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["repository", "tag_name", "-at"], name="tagmove_of_tag")]

    def __str__(self) -> str:
        """Which tag pointed where."""
        return f"{self.tag_name} → {self.digest}"


class PullDay(models.Model):
    """How often something was pulled on one day; without a digest, the whole repository."""

    repository = models.ForeignKey(
        "registry.Repository", on_delete=models.CASCADE, related_name="pull_days", db_index=False
    )
    digest = models.CharField(_("digest"), max_length=160, blank=True)
    day = models.DateField(_("day"), db_index=True)
    pulls = models.PositiveBigIntegerField(_("pulls"), default=0)

    class Meta:
        """One row a day."""

        verbose_name = _("pulls of a day")
        verbose_name_plural = _("pulls of days")
        constraints = [
            models.UniqueConstraint(
                fields=["repository", "digest", "day"], name="one_row_per_day_of_pulls"
            )
        ]

    def __str__(self) -> str:
        """When and how many."""
        return f"{self.day}: {self.pulls}"


class SizeDay(models.Model):
    """How much was stored on one day: of a namespace, or of the whole registry (no namespace)."""

    namespace = models.ForeignKey(
        "registry.Namespace",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="size_days",
    )
    day = models.DateField(_("day"), db_index=True)
    stored_bytes = models.PositiveBigIntegerField(_("stored (bytes)"), default=0)
    disk_bytes = models.PositiveBigIntegerField(
        _("on disk (bytes)"), null=True, blank=True, help_text=_("of the embedded registry alone")
    )
    free_bytes = models.PositiveBigIntegerField(_("free (bytes)"), null=True, blank=True)

    class Meta:
        """One row a day."""

        verbose_name = _("size of a day")
        verbose_name_plural = _("sizes of days")
        constraints = [
            models.UniqueConstraint(
                fields=["namespace", "day"],
                condition=models.Q(namespace__isnull=False),
                name="one_size_a_day_of_a_namespace",
            ),
            models.UniqueConstraint(
                fields=["day"],
                condition=models.Q(namespace__isnull=True),
                name="one_size_a_day_of_the_registry",
            ),
        ]

    def __str__(self) -> str:
        """When and how much."""
        return f"{self.day}: {self.stored_bytes}"


class SearchTerm(models.Model):
    """A word under which something is found by its beginning: small letters, cut to a length."""

    class Kind(models.TextChoices):
        """What the word is of."""

        NAME = "name", _("name")
        LABEL = "label", _("label")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    text = models.CharField(_("text"), max_length=LONGEST_TERM, db_index=True)
    repository = models.ForeignKey(
        "registry.Repository", on_delete=models.CASCADE, related_name="terms"
    )
    manifest = models.ForeignKey(
        "registry.Manifest", null=True, blank=True, on_delete=models.CASCADE, related_name="terms"
    )

    class Meta:
        """As they came."""

        verbose_name = _("word to search")
        verbose_name_plural = _("words to search")

    def __str__(self) -> str:
        """The word."""
        return self.text
