"""Other registries, the rules by which images go there or come from there, and namespaces filled from upstream."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

name_validator = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$", _("Use letters, digits, spaces, dots and dashes.")
)
path_validator = RegexValidator(
    r"^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$",
    _("Use lower-case letters and digits, with single . _ - or / between them."),
)
SHORTEST_MINUTES, LONGEST_MINUTES = 5, 43_200


class RemoteRegistry(models.Model):
    """Another registry, with a credential that is sealed."""

    name = models.CharField(_("name"), max_length=64, unique=True, validators=[name_validator])
    url = models.CharField(
        _("address"),
        max_length=250,
        help_text=_("Such as https://registry.example or https://docker.io."),
    )
    username = models.CharField(_("user name"), max_length=150, blank=True)
    sealed_secret = models.TextField(_("password or token"), blank=True, editable=False)
    ca_pem = models.TextField(
        _("certificate authority"),
        blank=True,
        max_length=65_536,
        help_text=_("In PEM form, where the registry's certificate is not publicly trusted."),
    )
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        """By name."""

        verbose_name = _("other registry")
        verbose_name_plural = _("other registries")
        ordering = ["name"]

    def __str__(self) -> str:
        """The name."""
        return self.name


class ReplicationRule(models.Model):
    """What goes where, and when."""

    class Direction(models.TextChoices):
        """Seen from here."""

        PUSH = "push", _("from here to there")
        PULL = "pull", _("from there to here")

    class Outcome(models.TextChoices):
        """How the last run ended."""

        NONE = "", _("not run yet")
        DONE = "done", _("done")
        PARTLY = "partly", _("partly")
        FAILED = "failed", _("failed")

    name = models.CharField(_("name"), max_length=64, unique=True, validators=[name_validator])
    remote = models.ForeignKey(
        RemoteRegistry,
        verbose_name=_("other registry"),
        on_delete=models.PROTECT,
        related_name="rules",
    )
    direction = models.CharField(_("direction"), max_length=8, choices=Direction)
    repositories = models.CharField(
        _("repositories"),
        max_length=500,
        help_text=_("Names or patterns such as team/*, with spaces between."),
    )
    tags = models.CharField(
        _("tags"),
        max_length=500,
        default="*",
        help_text=_("Names or patterns such as v1.*, with spaces between; * is every one."),
    )
    prefix = models.CharField(
        _("placed under"),
        max_length=128,
        blank=True,
        validators=[path_validator],
        help_text=_("Goes before every name at the destination; empty, names stay as they are."),
    )
    on_push = models.BooleanField(
        _("after each push"), default=False, help_text=_("Only from here to there.")
    )
    every_minutes = models.PositiveIntegerField(
        _("every (minutes)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(SHORTEST_MINUTES), MaxValueValidator(LONGEST_MINUTES)],
    )
    cron = models.CharField(
        _("or by a cron line"),
        max_length=100,
        blank=True,
        help_text=_("Minute, hour, day, month, weekday: 30 3 * * * is half past three each night."),
    )
    is_active = models.BooleanField(_("switched on"), default=True)
    last_started_at = models.DateTimeField(_("last run"), null=True, blank=True, editable=False)
    last_whole_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_outcome = models.CharField(
        _("how it ended"), max_length=8, choices=Outcome, blank=True, editable=False
    )
    last_said = models.TextField(_("what came of it"), blank=True, editable=False)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        """By name."""

        verbose_name = _("replication rule")
        verbose_name_plural = _("replication rules")
        ordering = ["name"]

    def __str__(self) -> str:
        """The name."""
        return self.name


class PushedTag(models.Model):
    """A tag that was pushed and waits for a rule to carry it; one that was just pushed has no `next_at`."""

    rule = models.ForeignKey(ReplicationRule, on_delete=models.CASCADE, related_name="waiting")
    repository = models.CharField(max_length=255)
    tag = models.CharField(max_length=128)
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Part of the machinery, so it has no rights of its own; each tag once."""

        verbose_name = _("pushed tag")
        verbose_name_plural = _("pushed tags")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "repository", "tag"], name="one_wish_per_pushed_tag"
            )
        ]


class CacheNamespace(models.Model):
    """A namespace of this registry whose images come from upstream."""

    namespace = models.OneToOneField(
        "registry.Namespace",
        verbose_name=_("namespace"),
        on_delete=models.CASCADE,
        related_name="cache",
    )
    remote = models.ForeignKey(
        RemoteRegistry, verbose_name=_("upstream"), on_delete=models.PROTECT, related_name="caches"
    )
    is_active = models.BooleanField(_("switched on"), default=True)
    refresh_minutes = models.PositiveIntegerField(
        _("look upstream again after (minutes)"),
        default=1440,
        validators=[MinValueValidator(SHORTEST_MINUTES), MaxValueValidator(LONGEST_MINUTES)],
        help_text=_(
            "A tag that was fetched longer ago is compared with upstream and fetched anew."
        ),
    )
    refreshed_at = models.DateTimeField(
        _("last look upstream"), null=True, blank=True, editable=False
    )
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        """By namespace."""

        verbose_name = _("cache namespace")
        verbose_name_plural = _("cache namespaces")
        ordering = ["namespace__name"]

    def __str__(self) -> str:
        """Where from and where to."""
        return f"{self.namespace} ← {self.remote}"
