"""Robots: credentials that belong to a namespace instead of a person."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.issued_models import IssuedSecret

PREFIX = "dcer_"
LONGEST_NAME = 40


class RobotRole(models.TextChoices):
    """What a robot may do; managing stays with people."""

    READER = "reader", _("reader (pull)")
    WRITER = "writer", _("writer (pull, push)")
    MAINTAINER = "maintainer", _("maintainer (pull, push, delete)")


class Robot(IssuedSecret):
    """A credential for CI and clusters: `dcer_` + key + secret. Its user name is safe in every shell."""

    namespace = models.ForeignKey(
        "registry.Namespace",
        verbose_name=_("namespace"),
        on_delete=models.CASCADE,
        related_name="robots",
    )
    name = models.CharField(_("name"), max_length=LONGEST_NAME)
    username = models.CharField(_("user name"), max_length=128, unique=True, editable=False)
    description = models.CharField(_("description"), max_length=250, blank=True)
    role = models.CharField(_("role"), max_length=16, choices=RobotRole, default=RobotRole.READER)
    repositories = models.JSONField(
        _("only these repositories"),
        default=list,
        blank=True,
        help_text=_("Full names; empty means the whole namespace."),
    )
    made_by = models.CharField(_("made by"), max_length=150, blank=True, editable=False)

    class Meta:
        """By user name."""

        verbose_name = _("robot")
        verbose_name_plural = _("robots")
        ordering = ["username", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["namespace", "name"], name="one_robot_per_name")
        ]

    def __str__(self) -> str:
        """The user name and the public part; never the secret."""
        return f"{self.username} ({PREFIX}{self.key}…)"
