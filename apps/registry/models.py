"""The registry's namespaces and grants, and its catalogue as events and reconciles told it: facts only."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.registry.catalogue_models import (
    Blob,
    ManifestBlob,
    PullDay,
    SearchTerm,
    SizeDay,
    TagMove,
)
from apps.registry.robot_models import Robot as Robot  # noqa: PLC0414 - Django looks for models here

__all__ = [
    "Blob",
    "DockerLogin",
    "Grant",
    "Manifest",
    "ManifestBlob",
    "Namespace",
    "PullDay",
    "RegistryEvent",
    "Repository",
    "Robot",
    "Role",
    "SearchTerm",
    "SizeDay",
    "Tag",
    "TagMove",
]

UNKNOWN_PLATFORM = "unknown/unknown"
# A path component of the distribution specification.
COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
component_validator = RegexValidator(
    rf"^{COMPONENT}$", _("Use lower-case letters and digits, with single . _ or - between them.")
)


class Role(models.TextChoices):
    """What a grant gives; each holds all that the one before it holds."""

    READER = "reader", _("reader (pull)")
    WRITER = "writer", _("writer (pull, push)")
    MAINTAINER = "maintainer", _("maintainer (pull, push, delete)")
    OWNER = "owner", _("owner (all, and grants)")


class Namespace(models.Model):
    """The first component of a repository's name; grants hang on it."""

    name = models.CharField(_("name"), max_length=64, unique=True, validators=[component_validator])
    description = models.CharField(_("description"), max_length=250, blank=True)
    is_public = models.BooleanField(
        _("public"), default=False, help_text=_("Anyone may pull, without signing in.")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    stored_bytes = models.PositiveBigIntegerField(
        _("stored (bytes)"), default=0, help_text=_("each blob once, however many images share it")
    )

    class Meta:
        """By name."""

        verbose_name = _("namespace")
        verbose_name_plural = _("namespaces")
        ordering = ["name"]

    def __str__(self) -> str:
        """The namespace's name."""
        return self.name


class Repository(models.Model):
    """One repository; its name is namespace/path."""

    namespace = models.ForeignKey(
        Namespace,
        verbose_name=_("namespace"),
        on_delete=models.PROTECT,
        related_name="repositories",
    )
    name = models.CharField(_("name"), max_length=255, unique=True)
    description = models.CharField(_("description"), max_length=250, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    last_pushed_at = models.DateTimeField(_("last push"), null=True, blank=True)
    last_pulled_at = models.DateTimeField(_("last pull"), null=True, blank=True)
    pull_count = models.PositiveBigIntegerField(_("pulls"), default=0)
    missing_since = models.DateTimeField(_("missing since"), null=True, blank=True)
    readme = models.TextField(_("read me"), blank=True, help_text=_("Markdown"))
    readme_by = models.CharField(_("written by"), max_length=150, blank=True)
    readme_at = models.DateTimeField(_("written"), null=True, blank=True)
    stored_bytes = models.PositiveBigIntegerField(
        _("stored (bytes)"), default=0, help_text=_("each blob once, however many images share it")
    )
    is_size_stale = models.BooleanField(default=True, editable=False)

    class Meta:
        """By name."""

        verbose_name = _("repository")
        verbose_name_plural = _("repositories")
        ordering = ["name"]
        indexes = [
            models.Index(
                fields=["id"],
                name="repository_size_stale",
                condition=models.Q(is_size_stale=True),
            )
        ]
        permissions = [("list_catalogue", _("May list every repository with a docker client"))]

    def __str__(self) -> str:
        """The full name."""
        return self.name


def _one_grant_each(holder: str) -> list[models.UniqueConstraint]:
    """One role on the whole namespace and one on each repository, in a form that every database keeps."""
    again = _("There is such a grant already; change its role instead.")
    whole = models.Q(repository__isnull=True)
    return [
        models.UniqueConstraint(
            fields=["namespace", holder],
            condition=whole,
            name=f"one_namespace_grant_a_{holder}",
            violation_error_message=again,
        ),
        models.UniqueConstraint(
            fields=["repository", holder],
            condition=~whole,
            name=f"one_repository_grant_a_{holder}",
            violation_error_message=again,
        ),
    ]


class Grant(models.Model):
    """A role for one person or one team on a namespace, or on one repository of it."""

    namespace = models.ForeignKey(
        Namespace, verbose_name=_("namespace"), on_delete=models.CASCADE, related_name="grants"
    )
    repository = models.ForeignKey(
        Repository,
        verbose_name=_("only this repository"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="grants",
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="registry_grants",
    )
    team = models.ForeignKey(
        "accounts.Team",
        verbose_name=_("team"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="registry_grants",
    )
    role = models.CharField(_("role"), max_length=16, choices=Role, default=Role.READER)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        """Exactly one of person and team; one grant each on the same thing."""

        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        ordering = ["namespace__name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(person__isnull=False, team__isnull=True)
                | models.Q(person__isnull=True, team__isnull=False),
                name="grant_names_a_person_or_a_team",
                violation_error_message=_("Name a person or a team, not both and not neither."),
            ),
            *_one_grant_each("person"),
            *_one_grant_each("team"),
        ]

    def __str__(self) -> str:
        """Who, what and where."""
        return f"{self.person or self.team} · {self.role} · {self.repository or self.namespace}"

    def clean(self) -> None:
        """A repository that is named lies in the namespace that is named."""
        if self.repository is not None and self.repository.namespace_id != self.namespace_id:
            raise ValidationError({"repository": _("It does not lie in this namespace.")})


class Manifest(models.Model):
    """One manifest of a repository: an image, an index of platforms, or another artifact."""

    repository = models.ForeignKey(
        Repository, verbose_name=_("repository"), on_delete=models.CASCADE, related_name="manifests"
    )
    digest = models.CharField(_("digest"), max_length=160, db_index=True)
    media_type = models.CharField(_("media type"), max_length=128)
    manifest_bytes = models.PositiveBigIntegerField(_("size of the manifest (bytes)"), default=0)
    size_bytes = models.PositiveBigIntegerField(
        _("size (bytes)"),
        default=0,
        help_text=_("configuration and layers; of an index, of all its platforms"),
    )
    config_digest = models.CharField(
        _("configuration's digest"), max_length=160, blank=True, db_index=True
    )
    artifact_type = models.CharField(_("kind of artifact"), max_length=128, blank=True)
    subject_digest = models.CharField(
        _("about"), max_length=160, blank=True, help_text=_("digest of what it says something of")
    )
    annotations = models.JSONField(_("annotations"), default=dict, blank=True)
    facts = models.JSONField(
        _("facts"), default=dict, blank=True, help_text=_("what its configuration says")
    )
    facts_version = models.PositiveSmallIntegerField(default=0, editable=False)
    layers = models.JSONField(_("layers"), default=list, blank=True)
    platform = models.CharField(_("platform"), max_length=64, blank=True)
    children = models.ManyToManyField(
        "self",
        symmetrical=False,
        related_name="parents",
        blank=True,
        verbose_name=_("platforms' manifests"),
    )
    is_complete = models.BooleanField(
        _("read"), default=False, help_text=_("its content was read from the registry")
    )
    pushed_at = models.DateTimeField(_("pushed"), default=timezone.now)
    pushed_by = models.CharField(_("pushed by"), max_length=150, blank=True)
    last_pulled_at = models.DateTimeField(_("last pull"), null=True, blank=True)
    missing_since = models.DateTimeField(_("missing since"), null=True, blank=True)

    class Meta:
        """Newest first."""

        verbose_name = _("manifest")
        verbose_name_plural = _("manifests")
        ordering = ["-pushed_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["repository", "digest"], name="one_row_per_manifest")
        ]
        indexes = [
            models.Index(
                fields=["repository", "subject_digest"],
                name="manifest_about",
                condition=~models.Q(subject_digest=""),
            ),
            models.Index(fields=["facts_version", "id"], name="manifest_to_read_again"),
        ]

    def __str__(self) -> str:
        """Repository and digest."""
        return f"{self.repository}@{self.digest}"

    @property
    def platforms(self) -> list[str]:
        """What it runs on; entries of an index that are no images (attestations) are left out."""
        named = {self.platform} | {child.platform for child in self.children.all()}
        return sorted(named - {"", UNKNOWN_PLATFORM})


class Tag(models.Model):
    """A name that points at a manifest."""

    repository = models.ForeignKey(
        Repository, verbose_name=_("repository"), on_delete=models.CASCADE, related_name="tags"
    )
    name = models.CharField(_("name"), max_length=128, db_index=True)
    manifest = models.ForeignKey(
        Manifest, verbose_name=_("manifest"), on_delete=models.CASCADE, related_name="tags"
    )
    pushed_at = models.DateTimeField(_("pushed"), default=timezone.now, db_index=True)
    pushed_by = models.CharField(_("pushed by"), max_length=150, blank=True)
    missing_since = models.DateTimeField(_("missing since"), null=True, blank=True)

    class Meta:
        """Newest first."""

        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["-pushed_at", "name"]
        constraints = [
            models.UniqueConstraint(fields=["repository", "name"], name="one_row_per_tag")
        ]
        indexes = [models.Index(fields=["repository", "-pushed_at"], name="tag_latest_first")]

    def __str__(self) -> str:
        """As docker writes it."""
        return f"{self.repository}:{self.name}"


class RegistryEvent(models.Model):
    """The inbox of the registry's notifications: kept as they came, applied afterwards."""

    event_id = models.CharField(_("event id"), max_length=64, unique=True)
    received_at = models.DateTimeField(_("received"), auto_now_add=True, db_index=True)
    happened_at = models.DateTimeField(_("happened"), null=True, blank=True)
    action = models.CharField(_("action"), max_length=32)
    repository_name = models.CharField(_("repository"), max_length=255, blank=True, db_index=True)
    actor_name = models.CharField(_("actor"), max_length=150, blank=True)
    body = models.JSONField(_("event"), default=dict)
    applied_at = models.DateTimeField(_("applied"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    problem = models.TextField(_("why it could not be applied"), blank=True)

    class Meta:
        """Latest first."""

        verbose_name = _("registry event")
        verbose_name_plural = _("registry events")
        ordering = ["-pk"]
        permissions = [
            ("check_registry", _("May see whether registry and portal understand each other")),
            ("rotate_keys", _("May replace the key that signs registry tokens")),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                name="registry_event_waiting",
                condition=models.Q(applied_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        """What and where."""
        return f"{self.action} {self.repository_name}".rstrip()


class DockerLogin(models.Model):
    """A refresh token that a docker client holds instead of a password: listed, revocable, and it expires."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        on_delete=models.CASCADE,
        related_name="docker_logins",
    )
    digest = models.CharField(_("digest"), max_length=64, unique=True, editable=False)
    password_stamp = models.CharField(
        _("stamp of the password"),
        max_length=128,
        editable=False,
        help_text=_("changes with the password, which ends this login"),
    )
    service = models.CharField(_("service"), max_length=64)
    client_id = models.CharField(_("client"), max_length=64, blank=True)
    address = models.CharField(_("from address"), max_length=64, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        """Newest first."""

        verbose_name = _("docker login")
        verbose_name_plural = _("docker logins")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        """Who, from where."""
        return f"{self.owner} · {self.client_id or '?'} · {self.address or '?'}"

    @property
    def is_usable(self) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and self.expires_at > timezone.now()
