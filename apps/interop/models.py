"""Where samples are written to, and how far each target has got."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

name_validator = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$", _("Use letters, digits, spaces, dots and dashes.")
)


class RemoteWrite(models.Model):
    """A store that takes samples by Prometheus' remote-write protocol; its credential is sealed."""

    class State(models.TextChoices):
        """How the last try ended."""

        NEW = "new", _("not tried yet")
        WRITING = "writing", _("writing")
        BEHIND = "behind", _("waiting to try again")
        HELD = "held", _("refused: address or credential")

    name = models.CharField(_("name"), max_length=64, unique=True, validators=[name_validator])
    url = models.CharField(
        _("address"),
        max_length=500,
        help_text=_("The whole address, such as https://prometheus.example/api/v1/write."),
    )
    username = models.CharField(
        _("user name"),
        max_length=150,
        blank=True,
        help_text=_("For Basic authentication; without one the secret is sent as a bearer token."),
    )
    sealed_secret = models.TextField(_("password or token"), blank=True, editable=False)
    portal_label = models.CharField(
        _("portal's label"),
        max_length=64,
        blank=True,
        help_text=_("Added to every series as portal=…, where one store takes several portals."),
    )
    is_active = models.BooleanField(
        _("switched on"),
        default=True,
        help_text=_("While it is off, samples wait as long as raw ones are kept."),
    )
    state = models.CharField(
        _("state"), max_length=16, choices=State, default=State.NEW, editable=False
    )
    problem = models.TextField(_("last problem"), blank=True, editable=False)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    next_try_at = models.DateTimeField(_("next try"), null=True, blank=True, editable=False)
    busy_until = models.DateTimeField(
        _("being written until"), null=True, blank=True, editable=False
    )
    last_ok_at = models.DateTimeField(_("last written"), null=True, blank=True, editable=False)
    written_to = models.DateTimeField(_("written up to"), null=True, blank=True, editable=False)
    samples_sent = models.PositiveBigIntegerField(_("samples written"), default=0, editable=False)
    samples_refused = models.PositiveBigIntegerField(
        _("samples refused"), default=0, editable=False
    )
    refused_at = models.DateTimeField(_("last refusal"), null=True, blank=True, editable=False)
    refusal = models.TextField(_("why samples were refused"), blank=True, editable=False)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        """By name."""

        verbose_name = _("remote-write target")
        verbose_name_plural = _("remote-write targets")
        ordering = ["name"]

    def __str__(self) -> str:
        """The name."""
        return self.name


class RemoteWriteCursor(models.Model):
    """How far one stream of samples has been written to one target.

    A stream is what grows in order of time: a node with its containers (their number is the
    node's), or one object that is summed up here (the number is the object's, below zero).
    """

    target = models.ForeignKey(
        RemoteWrite, verbose_name=_("target"), on_delete=models.CASCADE, related_name="cursors"
    )
    stream = models.BigIntegerField(_("stream"))
    at_s = models.BigIntegerField(_("written up to (seconds since 1970)"))

    class Meta:
        """One row a target and stream."""

        verbose_name = _("remote-write cursor")
        verbose_name_plural = _("remote-write cursors")
        constraints = [
            models.UniqueConstraint(fields=["target", "stream"], name="one_cursor_per_stream")
        ]
