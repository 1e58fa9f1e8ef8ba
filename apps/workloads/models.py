"""Mirrors of what runs: services and tasks as a manager tells, containers and images as each engine tells."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Mirror(models.Model):
    """A row that repeats what something outside said, when, and who said it."""

    native_id = models.CharField(_("id"), max_length=128)
    observed_at = models.DateTimeField(_("last seen"))
    source = models.CharField(_("seen by"), max_length=250, blank=True)

    class Meta:
        """No table of its own."""

        abstract = True


class Service(Mirror):
    """A Swarm service."""

    cluster = models.ForeignKey(
        "nodes.Cluster",
        verbose_name=_("cluster"),
        on_delete=models.CASCADE,
        related_name="services",
    )
    name = models.CharField(_("name"), max_length=250)
    stack = models.CharField(_("stack"), max_length=250, blank=True, db_index=True)
    image = models.CharField(_("image"), max_length=512)
    mode = models.CharField(_("mode"), max_length=32)
    desired_tasks = models.PositiveIntegerField(_("tasks wanted"), default=0)
    running_tasks = models.PositiveIntegerField(
        _("tasks running"), default=0, help_text=_("on nodes that are ready")
    )
    update_state = models.CharField(_("update"), max_length=32, blank=True)
    update_message = models.TextField(_("update's message"), blank=True)
    labels = models.JSONField(_("labels"), default=dict, blank=True)
    ports = models.JSONField(_("ports"), default=list, blank=True)
    cpu_limit = models.FloatField(_("CPU limit a task"), default=0)
    memory_limit_bytes = models.BigIntegerField(_("memory limit a task (bytes)"), default=0)
    cpu_reservation = models.FloatField(_("CPU reserved a task"), default=0)
    memory_reservation_bytes = models.BigIntegerField(
        _("memory reserved a task (bytes)"), default=0
    )
    created_at = models.DateTimeField(_("created"))
    updated_at = models.DateTimeField(_("updated"))
    version_index = models.BigIntegerField(_("Swarm version"), default=0)
    constraints = models.JSONField(_("placement constraints"), default=list, blank=True)
    platforms = models.JSONField(_("platforms"), default=list, blank=True)
    max_per_node = models.PositiveIntegerField(
        _("most tasks a node"), default=0, help_text=_("0 is any number")
    )
    update_parallelism = models.PositiveIntegerField(
        _("tasks updated at once"), default=1, help_text=_("0 is all of them")
    )

    class Meta:
        """By name."""

        verbose_name = _("service")
        verbose_name_plural = _("services")
        ordering = ["cluster__name", "name"]
        constraints = [
            models.UniqueConstraint(fields=["cluster", "native_id"], name="one_row_per_service")
        ]

    def __str__(self) -> str:
        """The service's name."""
        return self.name


class Task(Mirror):
    """One task of a service; running counts only where its node is ready."""

    cluster = models.ForeignKey(
        "nodes.Cluster", verbose_name=_("cluster"), on_delete=models.CASCADE, related_name="tasks"
    )
    service = models.ForeignKey(
        Service,
        verbose_name=_("service"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="tasks",
    )
    node = models.ForeignKey(
        "nodes.Node",
        verbose_name=_("node"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="tasks",
    )
    slot = models.PositiveIntegerField(_("slot"), default=0)
    state = models.CharField(_("state"), max_length=32, db_index=True)
    desired_state = models.CharField(_("wanted state"), max_length=32)
    message = models.TextField(_("message"), blank=True)
    error = models.TextField(_("error"), blank=True)
    image = models.CharField(_("image"), max_length=512)
    container_native_id = models.CharField(_("container"), max_length=64, blank=True, db_index=True)
    exit_code = models.IntegerField(_("exit code"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"))
    updated_at = models.DateTimeField(_("updated"), db_index=True)

    class Meta:
        """Newest first."""

        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering = ["-updated_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["cluster", "native_id"], name="one_row_per_task")
        ]

    def __str__(self) -> str:
        """Service and slot, as docker writes it."""
        return f"{self.service.name if self.service else self.native_id}.{self.slot or self.native_id[:8]}"


class Container(Mirror):
    """A container on a node whose engine the portal can ask."""

    node = models.ForeignKey(
        "nodes.Node", verbose_name=_("node"), on_delete=models.CASCADE, related_name="containers"
    )
    service = models.ForeignKey(
        Service,
        verbose_name=_("service"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="containers",
    )
    name = models.CharField(_("name"), max_length=250)
    image = models.CharField(_("image"), max_length=512)
    image_native_id = models.CharField(_("image's id"), max_length=128, blank=True)
    command = models.TextField(_("command"), blank=True)
    state = models.CharField(_("state"), max_length=32, db_index=True)
    status = models.CharField(_("status"), max_length=250, blank=True)
    health = models.CharField(_("health"), max_length=16, blank=True)
    labels = models.JSONField(_("labels"), default=dict, blank=True)
    ports = models.JSONField(_("ports"), default=list, blank=True)
    networks = models.JSONField(_("networks"), default=list, blank=True)
    task_native_id = models.CharField(_("task"), max_length=64, blank=True, db_index=True)
    stack = models.CharField(_("stack"), max_length=250, blank=True, db_index=True)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        """By name."""

        verbose_name = _("container")
        verbose_name_plural = _("containers")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["node", "native_id"], name="one_row_per_container")
        ]
        permissions = [
            ("view_logs", _("Can read the logs of containers, tasks and services")),
            ("open_console", _("Can open consoles in containers")),
        ]

    def __str__(self) -> str:
        """The container's name."""
        return self.name


class Stack(models.Model):
    """What services and containers name by their labels as one; gone once none of them does."""

    cluster = models.ForeignKey(
        "nodes.Cluster", verbose_name=_("cluster"), on_delete=models.CASCADE, related_name="stacks"
    )
    name = models.CharField(_("name"), max_length=250)
    observed_at = models.DateTimeField(_("last seen"))
    source = models.CharField(_("seen by"), max_length=250, blank=True)

    class Meta:
        """By name."""

        verbose_name = _("stack")
        verbose_name_plural = _("stacks")
        ordering = ["cluster__name", "name"]
        constraints = [
            models.UniqueConstraint(fields=["cluster", "name"], name="one_row_per_stack")
        ]

    def __str__(self) -> str:
        """The stack's name."""
        return self.name


class Volume(Mirror):
    """A volume on a node, as the engine told when its disk was last measured."""

    node = models.ForeignKey(
        "nodes.Node", verbose_name=_("node"), on_delete=models.CASCADE, related_name="volumes"
    )
    driver = models.CharField(_("driver"), max_length=250, blank=True)
    size_bytes = models.BigIntegerField(_("size (bytes)"), null=True, blank=True)

    class Meta:
        """By name."""

        verbose_name = _("volume")
        verbose_name_plural = _("volumes")
        ordering = ["native_id"]
        constraints = [
            models.UniqueConstraint(fields=["node", "native_id"], name="one_row_per_volume")
        ]

    def __str__(self) -> str:
        """The volume's name, which is its id as well."""
        return self.native_id


class EngineImage(Mirror):
    """An image in an engine's store."""

    node = models.ForeignKey(
        "nodes.Node", verbose_name=_("node"), on_delete=models.CASCADE, related_name="images"
    )
    tags = models.JSONField(_("tags"), default=list, blank=True)
    digests = models.JSONField(_("digests"), default=list, blank=True)
    size_bytes = models.BigIntegerField(_("size (bytes)"), default=0)
    labels = models.JSONField(_("labels"), default=dict, blank=True)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        """Newest first."""

        verbose_name = _("image on a node")
        verbose_name_plural = _("images on nodes")
        ordering = ["-created_at", "native_id"]
        constraints = [
            models.UniqueConstraint(fields=["node", "native_id"], name="one_row_per_engine_image")
        ]

    def __str__(self) -> str:
        """The first tag, else the short id."""
        return str(self.tags[0]) if self.tags else self.native_id[:19]
