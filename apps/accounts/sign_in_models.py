"""Second factors and the browsers in which people are signed in: facts only."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AuthenticatorApp(models.Model):
    """A person's authenticator app; its secret is sealed, and no step counts twice."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="authenticator_app"
    )
    sealed_secret = models.TextField()
    last_step = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        """Never in the admin."""

        verbose_name = _("authenticator app")
        verbose_name_plural = _("authenticator apps")
        default_permissions = ()

    def __str__(self) -> str:
        """Whose it is."""
        return str(self.owner)


class Passkey(models.Model):
    """A public key whose private half never leaves a person's device; it is good for one host name."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="passkeys"
    )
    name = models.CharField(_("name"), max_length=64)
    host = models.CharField(max_length=253)
    credential_id = models.CharField(max_length=1400, unique=True)
    public_data = models.TextField()
    sign_count = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        """In the order in which they were made."""

        verbose_name = _("passkey")
        verbose_name_plural = _("passkeys")
        default_permissions = ()
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        """What the person calls it."""
        return self.name


class RecoveryCode(models.Model):
    """A code for the day on which the device is lost; only a digest is kept, and it is good once."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recovery_codes"
    )
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    class Meta:
        """Each once."""

        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["owner", "digest"], name="one_recovery_code")
        ]

    def __str__(self) -> str:
        """Whose it is."""
        return str(self.owner)


class BrowserSession(models.Model):
    """A browser in which a person is signed in, as they recognise it; ended by deleting its session."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="browser_sessions"
    )
    session_key = models.CharField(max_length=40, unique=True)
    address = models.CharField(_("address"), max_length=64, blank=True)
    agent = models.CharField(max_length=250, blank=True)
    signed_in_by = models.CharField(max_length=64, blank=True)
    since = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        """The one seen last first."""

        verbose_name = _("browser session")
        verbose_name_plural = _("browser sessions")
        default_permissions = ()
        ordering = ["-last_seen_at", "-pk"]

    def __str__(self) -> str:
        """Whose it is and where."""
        return f"{self.owner} · {self.address}"
