"""People, teams, personal tokens and the audit trail: facts only."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.group_models import OfferedRight
from apps.accounts.issued_models import IssuedSecret
from apps.accounts.sign_in_models import AuthenticatorApp, BrowserSession, Passkey, RecoveryCode

__all__ = [
    "AuditEvent",
    "AuthenticatorApp",
    "BrowserSession",
    "OfferedRight",
    "Passkey",
    "PersonalToken",
    "RecoveryCode",
    "Team",
    "TeamMembership",
    "User",
]


ROBOTS_NAME = _("Names that begin with robot- are kept for robots; choose another one.")


def is_robots_name(username: str) -> bool:
    """Whether the name is one that only robots have."""
    return username.lower().startswith("robot-")


class User(AbstractUser):
    """A person who signs in: with a password of ours, or as somebody whom an outside directory vouches for."""

    class Source(models.TextChoices):
        """Who says that it is they."""

        PORTAL = "portal", _("the portal")
        LDAP = "ldap", _("the directory")
        OPENID = "openid", _("the OpenID provider")

    source = models.CharField(
        _("vouched for by"), max_length=16, choices=Source, default=Source.PORTAL, editable=False
    )

    class Meta(AbstractUser.Meta):
        """Named as people are named here."""

        verbose_name = _("person")  # type: ignore[assignment]  # the stubs know plain strings only
        verbose_name_plural = _("people")  # type: ignore[assignment]  # as above

    def clean(self) -> None:
        """A person cannot have the name of a robot, whose rights in the registry go by it."""
        super().clean()
        if is_robots_name(self.username):
            raise ValidationError({"username": ROBOTS_NAME})


class Team(models.Model):
    """People who share rights; a grant may name a team."""

    name = models.SlugField(_("name"), unique=True, max_length=64)
    description = models.CharField(_("description"), max_length=250, blank=True)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        through="TeamMembership",
        related_name="teams",
        verbose_name=_("members"),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        """By name."""

        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["name"]

    def __str__(self) -> str:
        """The team's name."""
        return self.name


class TeamMembership(models.Model):
    """One person in one team."""

    class Role(models.TextChoices):
        """A maintainer may change who is in the team."""

        MEMBER = "member", _("member")
        MAINTAINER = "maintainer", _("maintainer")

    team = models.ForeignKey(
        Team, verbose_name=_("team"), on_delete=models.CASCADE, related_name="memberships"
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.CASCADE,
        related_name="memberships",
    )
    role = models.CharField(_("role"), max_length=16, choices=Role, default=Role.MEMBER)

    class Meta:
        """A person is in a team once."""

        verbose_name = _("team membership")
        verbose_name_plural = _("team memberships")
        constraints = [
            models.UniqueConstraint(fields=["team", "person"], name="one_membership_per_person")
        ]

    def __str__(self) -> str:
        """Person, team and role."""
        return f"{self.person} · {self.team} · {self.get_role_display()}"


class PersonalToken(IssuedSecret):
    """A credential for scripts and docker login: `dcep_` + key + secret; only a digest of the secret is kept."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        on_delete=models.CASCADE,
        related_name="tokens",
    )
    name = models.CharField(_("name"), max_length=64)
    scopes = models.JSONField(_("scopes"), default=list)

    class Meta:
        """Newest first."""

        verbose_name = _("personal token")
        verbose_name_plural = _("personal tokens")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        """The name and the public part; never the secret."""
        return f"{self.name} (dcep_{self.key}…)"


class AuditEvent(models.Model):
    """Who did what, on what, from where, with which credential, and with what result."""

    class Result(models.TextChoices):
        """How it ended."""

        ALLOWED = "allowed", _("allowed")
        DENIED = "denied", _("denied")
        FAILED = "failed", _("failed")

    at = models.DateTimeField(_("at"), default=timezone.now, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="audit_events",
    )
    actor_label = models.CharField(_("who"), max_length=150, db_index=True)
    credential = models.CharField(_("credential"), max_length=150, blank=True)
    address = models.CharField(_("from address"), max_length=64, blank=True)
    action = models.CharField(_("action"), max_length=64, db_index=True)
    target_kind = models.CharField(_("kind of target"), max_length=32, blank=True)
    target_id = models.CharField(_("target's id"), max_length=128, blank=True)
    target_label = models.CharField(_("target"), max_length=250, blank=True)
    result = models.CharField(_("result"), max_length=16, choices=Result, default=Result.ALLOWED)
    detail = models.JSONField(_("detail"), default=dict, blank=True)

    class Meta:
        """Newest first."""

        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["target_kind", "target_id"], name="audit_target")]

    def __str__(self) -> str:
        """Who and what."""
        return f"{self.actor_label}: {self.action} {self.target_label}".rstrip()
