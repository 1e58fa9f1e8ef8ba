"""The certificates that the portal's CA issued to agents."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.nodes.models.endpoint import EngineEndpoint


class AgentCertificate(models.Model):
    """One issued certificate; the newest that is not revoked is the one the agent shall bear."""

    endpoint = models.ForeignKey(
        EngineEndpoint,
        verbose_name=_("agent"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="certificates",
    )
    name = models.CharField(_("name"), max_length=250, db_index=True)
    serial_hex = models.CharField(_("serial number"), max_length=40, unique=True)
    fingerprint_sha256 = models.CharField(_("fingerprint (SHA-256)"), max_length=64, unique=True)
    authority_fingerprint = models.CharField(_("CA's fingerprint"), max_length=64)
    issued_at = models.DateTimeField(_("issued"))
    expires_at = models.DateTimeField(_("expires"), db_index=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    revoked_reason = models.CharField(_("why it was revoked"), max_length=250, blank=True)

    class Meta:
        """Newest first."""

        verbose_name = _("agent certificate")
        verbose_name_plural = _("agent certificates")
        ordering = ["-issued_at", "-pk"]

    def __str__(self) -> str:
        """Its name and the end of its serial number."""
        return f"{self.name} …{self.serial_hex[-8:]}"

    @property
    def is_valid(self) -> bool:
        """True while it is neither revoked nor expired."""
        return self.revoked_at is None and self.expires_at > timezone.now()
