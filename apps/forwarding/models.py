"""Who receives the audit, and how far each has got."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

name_validator = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$", _("Use letters, digits, spaces, dots and dashes.")
)


class Forward(models.Model):
    """A receiver of audit entries; its key is sealed. `sent_to` is the number of the last entry that it has."""

    class Kind(models.TextChoices):
        """How entries travel."""

        SYSLOG_TCP = "syslog-tcp", _("syslog over TCP")
        SYSLOG_TLS = "syslog-tls", _("syslog over TLS")
        SYSLOG_UDP = "syslog-udp", _("syslog over UDP")
        WEBHOOK = "webhook", _("webhook")

    class State(models.TextChoices):
        """How the last try ended."""

        NEW = "new", _("not tried yet")
        SENDING = "sending", _("up to date")
        BEHIND = "behind", _("waiting to try again")

    name = models.CharField(_("name"), max_length=64, unique=True, validators=[name_validator])
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.SYSLOG_TCP)
    address = models.CharField(
        _("address"),
        max_length=500,
        help_text=_(
            "Of syslog a host and port, such as logs.example.org:6514; of a webhook its URL."
        ),
    )
    ca_certificates = models.TextField(
        _("trusted certificates"),
        blank=True,
        help_text=_("PEM, for TLS; empty means the system's."),
    )
    sealed_secret = models.TextField(_("key"), blank=True, editable=False)
    is_active = models.BooleanField(
        _("switched on"),
        default=True,
        help_text=_("While it is off, entries wait as long as the audit keeps them."),
    )
    state = models.CharField(
        _("state"), max_length=16, choices=State, default=State.NEW, editable=False
    )
    problem = models.TextField(_("last problem"), blank=True, editable=False)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    next_try_at = models.DateTimeField(_("next try"), null=True, blank=True, editable=False)
    busy_until = models.DateTimeField(_("being sent until"), null=True, blank=True, editable=False)
    last_ok_at = models.DateTimeField(_("last sent"), null=True, blank=True, editable=False)
    sent_to = models.BigIntegerField(_("sent up to entry"), default=0, editable=False)
    entries_sent = models.PositiveBigIntegerField(_("entries sent"), default=0, editable=False)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        """By name."""

        verbose_name = _("receiver of the audit")
        verbose_name_plural = _("receivers of the audit")
        ordering = ["name"]

    def __str__(self) -> str:
        """The name."""
        return self.name
