"""Addresses at which engines, agents and managers answer."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.nodes.models.cluster import Cluster, Condition
from apps.nodes.models.node import Node


class EngineEndpoint(models.Model):
    """An address at which an engine answers: ours to poll, and the only way to a node's containers and usage."""

    class Kind(models.TextChoices):
        """What answers there."""

        ENGINE = "engine", _("an engine")
        AGENT = "agent", _("a node's agent")
        STANDALONE = "standalone", _("a standalone Swarm's manager")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.ENGINE)
    url = models.CharField(
        _("address"),
        max_length=250,
        unique=True,
        help_text=_("unix:///path/docker.sock or tcp://host:2376"),
    )
    tls_ca = models.CharField(_("CA file"), max_length=250, blank=True)
    tls_cert = models.CharField(_("certificate file"), max_length=250, blank=True)
    tls_key = models.CharField(_("key file"), max_length=250, blank=True)
    cluster = models.ForeignKey(
        Cluster,
        verbose_name=_("cluster"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="endpoints",
    )
    node = models.OneToOneField(
        Node,
        verbose_name=_("node"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="endpoint",
    )
    server_name = models.CharField(
        _("certificate's name"),
        max_length=250,
        blank=True,
        editable=False,
        help_text=_("The name that an agent's certificate bears, whatever its address is."),
    )
    cursor = models.CharField(_("agent's cursor"), max_length=100, blank=True, editable=False)
    from_settings = models.BooleanField(
        _("named by DCE_DOCKER_HOST"), default=False, editable=False
    )
    is_manager = models.BooleanField(_("is a Swarm manager"), default=False, editable=False)
    engine_id = models.CharField(_("engine id"), max_length=128, blank=True, editable=False)
    api_version = models.CharField(_("API version"), max_length=16, blank=True, editable=False)
    last_ok_at = models.DateTimeField(_("last answer"), null=True, blank=True, editable=False)
    last_error = models.TextField(_("last error"), blank=True, editable=False)
    condition = models.CharField(
        _("condition"), max_length=16, choices=Condition, blank=True, editable=False
    )
    certificate_error = models.TextField(
        _("why its certificate could not be renewed"), blank=True, default="", editable=False
    )
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)

    class Meta:
        """By address."""

        verbose_name = _("engine address")
        verbose_name_plural = _("engine addresses")
        ordering = ["url"]

    def __str__(self) -> str:
        """The address."""
        return self.url

    @property
    def lacks_tls(self) -> bool:
        """True where it is asked over the network in the clear; an agent never is, the files are the portal's own."""
        has_tls = self.kind == self.Kind.AGENT or bool(self.tls_ca or self.tls_cert)
        return self.url.startswith("tcp://") and not has_tls
