"""Where alerts are told: channels with a sealed address, and routes that lead alerts to them."""

from __future__ import annotations

from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

HOUR_S = 3600
LONGEST_WAIT_S = HOUR_S
LONGEST_REPEAT_S = 7 * 24 * HOUR_S
WAITS = [
    (0, _("at once")),
    (30, _("after 30 s")),
    (60, _("after 1 min")),
    (300, _("after 5 min")),
    (900, _("after 15 min")),
]
REPEATS = [
    (0, _("never")),
    (HOUR_S, _("after 1 h")),
    (4 * HOUR_S, _("after 4 h")),
    (12 * HOUR_S, _("after 12 h")),
    (24 * HOUR_S, _("after 1 day")),
]


def check_time_zone(name: str) -> None:
    """Refuse a zone that this machine does not know."""
    if name not in available_timezones():
        raise ValidationError(
            _("There is no time zone of that name; write it like Europe/Berlin or Asia/Shanghai.")
        )


class Channel(models.Model):
    """One place where people are told; its address is sealed and never shown again."""

    class Kind(models.TextChoices):
        """Those with a form of their own, and all others that apprise reaches."""

        MAIL = "mail", _("mail")
        WEBHOOK = "webhook", _("webhook (JSON)")
        SLACK = "slack", "Slack"
        TELEGRAM = "telegram", "Telegram"
        DINGTALK = "dingtalk", _("DingTalk")
        WECOM = "wecom", _("WeCom")
        FEISHU = "feishu", _("Feishu")
        APPRISE = "apprise", _("any apprise address")

    name = models.CharField(_("name"), max_length=120, unique=True)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    is_enabled = models.BooleanField(_("on"), default=True)
    language = models.CharField(_("language of messages"), max_length=16, default="en")
    time_zone = models.CharField(
        _("time zone of messages"), max_length=64, default="UTC", validators=[check_time_zone]
    )
    has_picture = models.BooleanField(
        _("attach a chart"), default=True, help_text=_("As a picture, where the way can carry one.")
    )
    sealed = models.TextField(_("address"), editable=False)
    hint = models.CharField(_("where to"), max_length=120, blank=True, editable=False)
    teams = models.ManyToManyField(
        "accounts.Team",
        verbose_name=_("who may use it"),
        blank=True,
        related_name="+",
        help_text=_(
            "Members of these teams may lead alerts here; none named: whoever may make routes."
        ),
    )
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    last_ok_at = models.DateTimeField(_("last arrived"), null=True, blank=True, editable=False)
    last_failed_at = models.DateTimeField(_("last failed"), null=True, blank=True, editable=False)
    last_problem = models.CharField(max_length=16, blank=True, editable=False)
    last_detail = models.CharField(max_length=300, blank=True, editable=False)
    last_status = models.PositiveIntegerField(null=True, blank=True, editable=False)
    has_given_up = models.BooleanField(default=False, editable=False)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)

    class Meta:
        """By name; testing one is a right of its own."""

        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        ordering = ["name"]
        permissions = [("test_channel", _("Can send test messages"))]

    def __str__(self) -> str:
        """The channel's name."""
        return self.name

    @property
    def is_failing(self) -> bool:
        """Whether the last attempt failed."""
        return self.failures > 0


class Route(models.Model):
    """Which alerts are told where; an alert takes every route that fits. What is empty fits all."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    is_enabled = models.BooleanField(_("on"), default=True)
    severities = models.JSONField(_("severities"), default=list, blank=True)
    rules = models.ManyToManyField(
        "alerts.AlertRule", verbose_name=_("rules"), blank=True, related_name="+"
    )
    clusters = models.ManyToManyField(
        "nodes.Cluster", verbose_name=_("clusters"), blank=True, related_name="+"
    )
    teams = models.ManyToManyField(
        "accounts.Team",
        verbose_name=_("rules of teams"),
        blank=True,
        related_name="+",
        help_text=_("Alerts of rules that a member of these teams made."),
    )
    stacks = models.CharField(
        _("stacks"),
        max_length=500,
        blank=True,
        help_text=_("Names with commas between; * stands for anything."),
    )
    channels = models.ManyToManyField(
        Channel, verbose_name=_("channels"), related_name="routes", blank=True
    )
    wait_s = models.PositiveIntegerField(
        _("told"),
        default=30,
        choices=WAITS,
        validators=[MaxValueValidator(LONGEST_WAIT_S)],
        help_text=_("Alerts of one group that come within this time are one message."),
    )
    repeat_s = models.PositiveIntegerField(
        _("told again"),
        default=4 * HOUR_S,
        choices=REPEATS,
        validators=[MaxValueValidator(LONGEST_REPEAT_S)],
        help_text=_("While it is open and nobody has acknowledged it."),
    )
    sends_cleared = models.BooleanField(_("tell when it is over"), default=True)

    class Meta:
        """By name."""

        verbose_name = _("route")
        verbose_name_plural = _("routes")
        ordering = ["name"]

    def __str__(self) -> str:
        """The route's name."""
        return self.name


class Heartbeat(models.Model):
    """The sign of life that the portal sends outwards, one row: when it stops, somebody else's watch rings."""

    is_enabled = models.BooleanField(_("on"), default=False)
    sealed = models.TextField(_("address"), blank=True, editable=False)
    hint = models.CharField(_("where to"), max_length=120, blank=True, editable=False)
    interval_s = models.PositiveIntegerField(
        _("every (s)"),
        default=60,
        validators=[MinValueValidator(15), MaxValueValidator(HOUR_S)],
    )
    tried_at = models.DateTimeField(_("last tried"), null=True, blank=True, editable=False)
    arrived_at = models.DateTimeField(_("last arrived"), null=True, blank=True, editable=False)
    withheld = models.CharField(_("withheld because"), max_length=32, blank=True, editable=False)
    last_problem = models.CharField(max_length=16, blank=True, editable=False)
    last_detail = models.CharField(max_length=300, blank=True, editable=False)
    last_status = models.PositiveIntegerField(null=True, blank=True, editable=False)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
    )

    class Meta:
        """Viewed and changed on its page."""

        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeat")
        default_permissions = ("view", "change")

    def __str__(self) -> str:
        """Where it goes."""
        return self.hint or str(_("heartbeat"))
