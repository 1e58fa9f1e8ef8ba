"""Nodes as last seen; nothing here is asked of an engine."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.nodes.models.cluster import Cluster


class Node(models.Model):
    """A mirror of one node: of `GET /nodes` in a Swarm, of `GET /info` for a single engine."""

    class Role(models.TextChoices):
        """Swarm's roles; a single engine has its own word."""

        MANAGER = "manager", _("manager")
        WORKER = "worker", _("worker")
        SINGLE = "single", _("single engine")

    class Availability(models.TextChoices):
        """Whether the Swarm may place tasks on it."""

        ACTIVE = "active", _("active")
        PAUSE = "pause", _("paused")
        DRAIN = "drain", _("drained")

    class State(models.TextChoices):
        """What the manager says of the node; the last two are a standalone Swarm's."""

        READY = "ready", _("ready")
        DOWN = "down", _("down")
        UNKNOWN = "unknown", _("unknown")
        DISCONNECTED = "disconnected", _("disconnected")
        PENDING = "pending", _("pending")
        UNHEALTHY = "unhealthy", _("unhealthy")

    cluster = models.ForeignKey(
        Cluster, verbose_name=_("cluster"), on_delete=models.CASCADE, related_name="nodes"
    )
    native_id = models.CharField(_("node id"), max_length=128)
    hostname = models.CharField(_("hostname"), max_length=253)
    role = models.CharField(_("role"), max_length=16, choices=Role)
    availability = models.CharField(
        _("availability"), max_length=16, choices=Availability, default=Availability.ACTIVE
    )
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.UNKNOWN)
    status_message = models.TextField(_("message"), blank=True)
    address = models.CharField(_("address"), max_length=253, blank=True)
    reachability = models.CharField(_("manager's reachability"), max_length=16, blank=True)
    is_leader = models.BooleanField(_("leader"), default=False)
    engine_version = models.CharField(_("engine"), max_length=64, blank=True)
    os = models.CharField(_("operating system"), max_length=64, blank=True)
    architecture = models.CharField(_("architecture"), max_length=32, blank=True)
    cpu_count = models.FloatField(_("CPUs"), default=0)
    memory_bytes = models.BigIntegerField(_("memory (bytes)"), default=0)
    labels = models.JSONField(_("labels"), default=dict, blank=True)
    engine_labels = models.JSONField(_("engine's labels"), default=dict, blank=True)
    kernel = models.CharField(_("kernel"), max_length=128, blank=True)
    cgroup_version = models.PositiveSmallIntegerField(_("control groups"), null=True, blank=True)
    agent_version = models.CharField(_("agent"), max_length=64, blank=True)
    has_console = models.BooleanField(
        _("lets consoles through"), null=True, blank=True, editable=False
    )
    clock_skew_s = models.FloatField(_("clock ahead of ours (s)"), null=True, blank=True)
    swarm_certificate_expires_at = models.DateTimeField(
        _("Swarm certificate expires"), null=True, blank=True
    )
    version_index = models.BigIntegerField(_("Swarm version"), default=0)
    observed_at = models.DateTimeField(_("last seen"), null=True, blank=True)
    source = models.CharField(_("seen by"), max_length=250, blank=True)
    stale_since = models.DateTimeField(_("stale since"), null=True, blank=True)
    stale_reason = models.TextField(_("why it is stale"), blank=True)

    class Meta:
        """By host name; one row a node of a cluster."""

        verbose_name = _("node")
        verbose_name_plural = _("nodes")
        ordering = ["cluster__name", "hostname", "native_id"]
        constraints = [
            models.UniqueConstraint(fields=["cluster", "native_id"], name="one_row_per_node")
        ]
        permissions = [
            ("operate_node", _("Can drain, activate, pause and label nodes")),
            ("change_node_role", _("Can promote and demote nodes")),
            ("remove_node", _("Can remove nodes")),
            ("prune_node", _("Can prune images, containers and volumes of nodes")),
        ]

    def __str__(self) -> str:
        """The host name."""
        return self.hostname

    @property
    def is_fresh(self) -> bool:
        """True while both the manager's word and the engine's own answers are recent."""
        return self.stale_since is None
