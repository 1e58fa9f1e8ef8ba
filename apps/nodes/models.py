"""Clusters, nodes and engine addresses as last seen; nothing here is asked of an engine."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.nodes.event_words import words_of


class Cluster(models.Model):
    """A Swarm, or the single engines that are in none."""

    class Kind(models.TextChoices):
        """Which backend serves it; a standalone Swarm will be a third."""

        SWARM = "swarm", _("Swarm")
        ENGINES = "engines", _("single engines")

    name = models.CharField(_("name"), max_length=64, unique=True)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    native_id = models.CharField(_("Swarm id"), max_length=64, blank=True, db_index=True)
    observed_at = models.DateTimeField(_("last answer"), null=True, blank=True, editable=False)
    source = models.CharField(_("answered by"), max_length=250, blank=True, editable=False)
    stale_since = models.DateTimeField(_("no answer since"), null=True, blank=True, editable=False)
    stale_reason = models.TextField(_("why there is no answer"), blank=True, editable=False)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        """By name."""

        verbose_name = _("cluster")
        verbose_name_plural = _("clusters")
        ordering = ["name"]

    def __str__(self) -> str:
        """The cluster's name."""
        return self.name


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
        """What the manager says of the node."""

        READY = "ready", _("ready")
        DOWN = "down", _("down")
        UNKNOWN = "unknown", _("unknown")
        DISCONNECTED = "disconnected", _("disconnected")

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
        ]

    def __str__(self) -> str:
        """The host name."""
        return self.hostname

    @property
    def is_fresh(self) -> bool:
        """True while both the manager's word and the engine's own answers are recent."""
        return self.stale_since is None


class EngineEndpoint(models.Model):
    """An address at which an engine answers: ours to poll, and the only way to a node's containers and usage."""

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
    from_settings = models.BooleanField(
        _("named by DCE_DOCKER_HOST"), default=False, editable=False
    )
    is_manager = models.BooleanField(_("is a Swarm manager"), default=False, editable=False)
    engine_id = models.CharField(_("engine id"), max_length=128, blank=True, editable=False)
    api_version = models.CharField(_("API version"), max_length=16, blank=True, editable=False)
    last_ok_at = models.DateTimeField(_("last answer"), null=True, blank=True, editable=False)
    last_error = models.TextField(_("last error"), blank=True, editable=False)
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
        """True where the engine is asked over the network in the clear."""
        return self.url.startswith("tcp://") and not (self.tls_ca or self.tls_cert)


class ClusterEvent(models.Model):
    """Something that changed, as the difference of two polls told it: the "what changed" of the dashboard."""

    class Severity(models.TextChoices):
        """How much it matters."""

        INFO = "info", _("information")
        WARNING = "warning", _("warning")
        ERROR = "error", _("error")

    cluster = models.ForeignKey(
        Cluster, verbose_name=_("cluster"), on_delete=models.CASCADE, related_name="events"
    )
    node = models.ForeignKey(
        Node,
        verbose_name=_("node"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="events",
    )
    at = models.DateTimeField(_("at"), db_index=True)
    kind = models.CharField(_("kind"), max_length=64)
    severity = models.CharField(
        _("severity"), max_length=16, choices=Severity, default=Severity.INFO
    )
    subject_kind = models.CharField(_("kind of subject"), max_length=32)
    subject_id = models.CharField(_("subject's id"), max_length=128)
    subject_label = models.CharField(_("subject"), max_length=250)
    detail = models.JSONField(_("detail"), default=dict, blank=True)

    class Meta:
        """Newest first."""

        verbose_name = _("cluster event")
        verbose_name_plural = _("cluster events")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        """What happened to what."""
        return f"{self.kind} {self.subject_label}"

    @property
    def words(self) -> str:
        """What happened, as a sentence goes on after the subject."""
        return words_of(self.kind)
