"""Admin pages of services, stacks, tasks, containers and images: mirrors, looked at only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.nodes.pages.actions import ActionPages, action_buttons
from apps.workloads import selectors, stacks
from apps.workloads.models import Container, EngineImage, Service, Stack, Task
from apps.workloads.pages.streams import ConsolePages, LogPages, stream_links
from dce_portal.admin_site import Empty, display
from dce_portal.docker_words import in_words
from dce_portal.mirror_admin import (
    STATE_TONES,
    MirrorAdmin,
    WordsFilter,
    stale_filter,
    with_shape,
)
from dce_portal.templatetags.portal import ago, bytes_human, middle, short_id


@admin.register(Service)
class ServiceAdmin(LogPages, ActionPages, MirrorAdmin):
    """The services of all Swarms."""

    empty = Empty(
        "apps",
        _("No services yet"),
        _(
            "A service appears within ten seconds of docker service create on a Swarm that the portal watches."
        ),
    )

    watched = "cluster"
    list_display = (
        "name",
        "stack",
        "tasks_label",
        "short_image",
        "mode_word",
        "update_word",
        "cluster",
        "freshness",
    )
    list_filter = (
        "cluster",
        ("mode", WordsFilter),
        "stack",
        ("update_state", WordsFilter),
        stale_filter("cluster__"),
    )
    list_select_related = ("cluster",)
    search_fields = ("name", "stack", "image", "native_id")
    fields = ("name",)

    def page_of(self, request: HttpRequest, row: Service) -> Mapping[str, Any]:
        """Condition, usage, tasks and containers."""
        user = cast("Any", request.user)
        return {
            **selectors.service_page(user, row),
            "buttons": action_buttons(user, row),
            "streams": stream_links(user, row),
        }

    @display(description=_("tasks"), label={"whole": "success", "below": "danger"})
    def tasks_label(self, row: Service) -> tuple[str, str]:
        """Running of wanted."""
        is_whole = row.running_tasks >= row.desired_tasks
        shape = with_shape("running" if is_whole else "failed", " ")[0]
        return (
            "whole" if is_whole else "below",
            f"{shape} {row.running_tasks} / {row.desired_tasks}",
        )

    @display(description=_("image"), ordering="image")
    def short_image(self, row: Service) -> str:
        """Without its digest."""
        return middle(row.image.partition("@")[0])

    @display(description=_("mode"), ordering="mode")
    def mode_word(self, row: Service) -> str:
        """Replicated or global."""
        return in_words(row.mode)

    @display(description=_("update"), ordering="update_state")
    def update_word(self, row: Service) -> str:
        """How its latest update goes."""
        return in_words(row.update_state)


@admin.register(Stack)
class StackAdmin(MirrorAdmin):
    """The stacks of all clusters."""

    list_before_template = "workloads/empty_stacks.html"

    watched = "cluster"
    list_display = ("name", "services", "tasks_label", "containers", "cluster", "freshness")
    list_filter = ("cluster", stale_filter("cluster__"))
    list_select_related = ("cluster",)
    search_fields = ("name",)
    fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Stack]:
        """With the numbers of what each consists of."""
        return stacks.with_counts(super().get_queryset(request))

    def page_of(self, request: HttpRequest, row: Stack) -> Mapping[str, Any]:
        """Condition, usage, services, tasks and containers."""
        return stacks.stack_page(cast("Any", request.user), row)

    @display(description=_("services"), ordering="service_count")
    def services(self, row: Any) -> int:
        """How many."""
        return int(row.service_count)

    @display(
        description=_("tasks"),
        ordering="running",
        label={"whole": "success", "below": "danger", "none": ""},
    )
    def tasks_label(self, row: Any) -> tuple[str, str]:
        """Running of wanted; containers that no service made are not counted here."""
        if not row.service_count:
            return "none", "–"
        is_whole = row.running >= row.desired
        shape = with_shape("running" if is_whole else "failed", " ")[0]
        return "whole" if is_whole else "below", f"{shape} {row.running} / {row.desired}"

    @display(description=_("containers"), ordering="container_count")
    def containers(self, row: Any) -> int:
        """How many are known, running or not."""
        return int(row.container_count)


@admin.register(Task)
class TaskAdmin(LogPages, MirrorAdmin):
    """The tasks of all services, the latest change first."""

    empty = Empty(
        "task_alt",
        _("No tasks yet"),
        _("Tasks are what a Swarm's services run; they appear with the first service."),
    )

    watched = "cluster"
    list_display = (
        "name",
        "state_label",
        "wanted",
        "node",
        "cluster",
        "problem",
        "changed",
        "freshness",
    )
    list_filter = (
        "cluster",
        ("state", WordsFilter),
        ("desired_state", WordsFilter),
        stale_filter("cluster__"),
    )
    list_select_related = ("cluster", "service", "node")
    search_fields = ("service__name", "node__hostname", "native_id", "container_native_id", "error")
    fields = ("state",)

    def page_of(self, request: HttpRequest, row: Task) -> Mapping[str, Any]:
        """Facts, what went wrong, and where it runs."""
        user = cast("Any", request.user)
        return {**selectors.task_page(user, row), "streams": stream_links(user, row)}

    @display(description=_("task"))
    def name(self, row: Task) -> str:
        """Service and slot."""
        return str(row)

    @display(description=_("state"), ordering="state", label=STATE_TONES)
    def state_label(self, row: Task) -> tuple[str, str]:
        """What the manager says."""
        return row.state, with_shape(row.state)

    @display(description=_("wanted state"), ordering="desired_state")
    def wanted(self, row: Task) -> str:
        """What the manager is to bring about."""
        return in_words(row.desired_state)

    @display(description=_("problem"))
    def problem(self, row: Task) -> str:
        """The error, in short."""
        return middle(row.error, 80)

    @display(description=_("changed"), ordering="updated_at")
    def changed(self, row: Task) -> str | SafeString:
        """How long ago."""
        return ago(row.updated_at)


class NodeFilter(admin.RelatedFieldListFilter):
    """Nodes by their name and their cluster's, since host names are not told apart by clusters."""

    def field_choices(
        self, field: Any, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, Any]]:
        """Each node's key and names."""
        nodes = field.remote_field.model.objects.select_related("cluster")
        return [(str(node.pk), f"{node.hostname} ({node.cluster})") for node in nodes]


class OnNode:
    """The column of rows that are on a node."""

    @display(description=_("cluster"), ordering="node__cluster__name")
    def cluster(self, row: Any) -> str:
        """The node's cluster."""
        return str(row.node.cluster)


@admin.register(Container)
class ContainerAdmin(ConsolePages, OnNode, MirrorAdmin):
    """The containers of every node whose engine is asked."""

    empty = Empty(
        "deployed_code",
        _("No containers yet"),
        _("They are shown of nodes whose engine or agent answers the portal."),
    )

    watched = "node"
    list_display = (
        "name",
        "state_label",
        "health_label",
        "short_image",
        "node",
        "cluster",
        "service",
        "status",
        "freshness",
    )
    list_filter = (
        "node__cluster",
        ("node", NodeFilter),
        ("state", WordsFilter),
        ("health", WordsFilter),
        "stack",
        stale_filter("node__"),
    )
    list_select_related = ("node__cluster", "service")
    search_fields = ("name", "image", "native_id", "node__hostname", "service__name")
    fields = ("name",)

    @display(description=_("state"), ordering="state", label=STATE_TONES)
    def state_label(self, row: Container) -> tuple[str, str]:
        """What the engine says."""
        return row.state, with_shape(row.state)

    @display(description=_("health"), ordering="health", label=STATE_TONES)
    def health_label(self, row: Container) -> tuple[str, str]:
        """What its health check says."""
        return row.health, with_shape(row.health)

    @display(description=_("image"), ordering="image")
    def short_image(self, row: Container) -> str:
        """Without its digest."""
        return middle(row.image.partition("@")[0])

    def page_of(self, request: HttpRequest, row: Container) -> Mapping[str, Any]:
        """Facts, usage, commands to copy."""
        return {"container": row, "streams": stream_links(cast("Any", request.user), row)}


@admin.register(EngineImage)
class EngineImageAdmin(OnNode, MirrorAdmin):
    """The images in the engines' stores."""

    empty = Empty(
        "layers",
        _("No images on nodes yet"),
        _("They are read once a minute from nodes whose engine or agent answers the portal."),
    )

    watched = "node"
    list_display = ("name", "short", "size", "node", "cluster", "created", "freshness")
    list_filter = ("node__cluster", ("node", NodeFilter), stale_filter("node__"))
    list_select_related = ("node__cluster",)
    search_fields = ("native_id", "tags", "node__hostname")
    fields = ("native_id",)

    def page_of(self, request: HttpRequest, row: EngineImage) -> Mapping[str, Any]:
        """Facts, the nodes that hold it, and what was made from it."""
        return selectors.image_page(cast("Any", request.user), row)

    @display(description=_("image"))
    def name(self, row: EngineImage) -> str:
        """All its tags."""
        return ", ".join(row.tags) or str(_("without a tag"))

    @display(description=_("id"))
    def short(self, row: EngineImage) -> str:
        """The id as docker writes it."""
        return short_id(row.native_id)

    @display(description=_("size"), ordering="size_bytes")
    def size(self, row: EngineImage) -> str:
        """In binary units."""
        return bytes_human(row.size_bytes)

    @display(description=_("made"), ordering="created_at")
    def created(self, row: EngineImage) -> str | SafeString:
        """How long ago."""
        return ago(row.created_at)
