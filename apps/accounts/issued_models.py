"""What personal tokens and robots have in common as rows: an issued secret of which a digest alone is kept."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

WARN_BEFORE = timedelta(days=14)


class IssuedSecret(models.Model):
    """Key, digest, life, places and last use; while a rotation overlaps, the digest before it counts too."""

    key = models.CharField(_("key"), max_length=16, unique=True, editable=False)
    digest = models.CharField(_("digest"), max_length=64, editable=False)
    previous_digest = models.CharField(
        _("digest before the rotation"), max_length=64, blank=True, editable=False
    )
    previous_until = models.DateTimeField(
        _("old secret works until"), null=True, blank=True, editable=False
    )
    networks = models.JSONField(
        _("allowed addresses"),
        default=list,
        blank=True,
        help_text=_("Networks from which it may be used; empty means from anywhere."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    rotated_at = models.DateTimeField(_("rotated"), null=True, blank=True, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    last_used_address = models.CharField(
        _("last used from"), max_length=64, blank=True, editable=False
    )

    class Meta:
        """Not a table."""

        abstract = True

    @property
    def is_usable(self) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (
            self.expires_at is None or self.expires_at > timezone.now()
        )

    @property
    def expires_soon(self) -> bool:
        """Usable, and for no longer than the warning's time."""
        return (
            self.is_usable
            and self.expires_at is not None
            and self.expires_at <= timezone.now() + WARN_BEFORE
        )
