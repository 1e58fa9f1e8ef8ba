"""Admin pages of clusters, nodes, engine addresses and events: looked at here, changed through operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast, override

from django.contrib import admin, messages
from django.db.models import Count, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.metrics.selectors import cluster_health
from apps.nodes.forms.engines import EngineEndpointForm
from apps.nodes.models import Cluster, ClusterEvent, EngineEndpoint, Node
from apps.nodes.pages.actions import ActionPages, action_buttons
from apps.nodes.pages.certificates import AgentCertificateAdmin
from apps.nodes.pages.joining import JoinTokenAdmin
from apps.nodes.pages.map import MapPage
from apps.nodes.pages.node import node_page
from apps.nodes.pages.node_list import usage_bar, watched_clusters, with_list_columns
from apps.nodes.pages.standalone import StandalonePages
from apps.nodes.pages.swarm_secrets import SecretPages, may_see_secrets
from apps.nodes.selectors import cluster_page, endpoint_page
from apps.nodes.selectors.standalone import standalone_page
from dce_portal.admin_site import Empty, ModelAdmin, ReadOnlyAdmin, display
from dce_portal.docker_words import in_words
from dce_portal.mirror_admin import (
    STATE_TONES,
    MirrorAdmin,
    Tones,
    WordsFilter,
    stale_filter,
    with_shape,
)
from dce_portal.templatetags.portal import ago, bytes_human

__all__ = [
    "AgentCertificateAdmin",
    "ClusterAdmin",
    "ClusterEventAdmin",
    "EngineEndpointAdmin",
    "JoinTokenAdmin",
    "NodeAdmin",
]

NO_TLS = _(
    "This address is asked without TLS: whoever can read or change the traffic between the portal"
    " and this engine rules its machine. Name the CA, certificate and key files."
)


@admin.register(Cluster)
class ClusterAdmin(MapPage, StandalonePages, SecretPages, ActionPages, MirrorAdmin):
    """Swarms, and the single engines together."""

    empty = Empty(
        "lan",
        _("No cluster yet"),
        _(
            "One appears with the first engine that answers: add nodes by one line, or start the portal "
            "with DCE_DOCKER_HOST."
        ),
    )

    list_display = ("name", "kind_label", "nodes_ready", "source", "freshness")
    list_filter = ("kind", stale_filter(""))
    search_fields = ("name", "native_id")
    fields = ("name",)

    def page_of(self, request: HttpRequest, row: Cluster) -> Mapping[str, Any]:
        """Its health, nodes with their usage, engine addresses and latest events."""
        user = cast("Any", request.user)
        page = {**cluster_page(user, row), **cluster_health(user, row)}
        return {
            **page,
            **standalone_page(user, row),
            "buttons": action_buttons(user, row),
            "may_see_secrets": may_see_secrets(user, row),
        }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Cluster]:
        """With the counts that the list shows."""
        ready = Count("nodes", filter=Q(nodes__state=Node.State.READY))
        return super().get_queryset(request).annotate(node_count=Count("nodes"), ready_count=ready)

    @display(description=_("kind"), ordering="kind", label=True)
    def kind_label(self, row: Cluster) -> str:
        """Swarm or single engines."""
        return row.get_kind_display()

    @display(description=_("nodes ready"))
    def nodes_ready(self, row: Any) -> str:
        """How many of how many."""
        return f"{row.ready_count} / {row.node_count}"


@admin.register(Node)
class NodeAdmin(ActionPages, MirrorAdmin):
    """The nodes of all clusters."""

    empty = Empty(
        "dns",
        _("No nodes yet"),
        _(
            "A node appears with the first answer of its manager or its engine. Add nodes makes the "
            "line that brings a host in."
        ),
    )

    list_display = (
        "hostname",
        "cluster",
        "role_label",
        "state_label",
        "availability_label",
        "freshness",
        "cpu",
        "memory",
        "disk",
        "tasks",
        "versions",
        "expiry",
        "address",
    )
    list_filter = ("cluster", "role", "state", "availability", stale_filter(""))
    list_select_related = ("cluster",)
    search_fields = ("hostname", "address", "native_id")
    fields = ("hostname",)

    @display(description=_("role"), ordering="role", label=Tones(leader="info"))
    def role_label(self, row: Node) -> tuple[str, str]:
        """Manager, worker or single engine; the leader is marked."""
        role = row.get_role_display()
        return ("leader", f"{role} ★") if row.is_leader else (row.role, role)

    @display(description=_("state"), ordering="state", label=STATE_TONES)
    def state_label(self, row: Node) -> tuple[str, str]:
        """What the manager says."""
        return row.state, with_shape(row.state, row.get_state_display())

    @display(description=_("availability"), ordering="availability", label=STATE_TONES)
    def availability_label(self, row: Node) -> tuple[str, str]:
        """Whether tasks may be placed there."""
        return row.availability, row.get_availability_display()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list moves with the clusters that the person may watch."""
        watched = {"watched_clusters": watched_clusters(cast("Any", request.user))}
        return super().changelist_view(request, {**(extra_context or {}), **watched})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Node]:
        """With the latest figures, the running tasks and the certificate's end: no query a row."""
        return with_list_columns(super().get_queryset(request))

    @display(description=_("CPU"), ordering="cpu_count")
    def cpu(self, row: Any) -> SafeString:
        """In use, of the processors that it has."""
        used = row.cpu_in_use
        return usage_bar(
            "cpu", used, row.cpu_count, text=_("%(all)g CPUs") % {"all": row.cpu_count}
        )

    @display(description=_("memory"), ordering="memory_bytes")
    def memory(self, row: Any) -> SafeString:
        """In use, of what it has."""
        size = bytes_human(row.memory_bytes)
        return usage_bar("memory", row.memory_in_use, row.memory_bytes, text=size)

    @display(description=_("disk"), ordering="disk_in_use")
    def disk(self, row: Any) -> SafeString:
        """In use, of the filesystem that Docker is on; told by agents and by the portal's own machine."""
        size = bytes_human(row.disk_size)
        return usage_bar("disk", row.disk_in_use, row.disk_size, text=size)

    @display(description=_("tasks"), ordering="task_count")
    def tasks(self, row: Any) -> int:
        """How many of the Swarm's tasks run here."""
        return int(row.task_count)

    @display(description=_("engine, agent"), ordering="engine_version")
    def versions(self, row: Node) -> str:
        """The versions of both."""
        return ", ".join(version for version in (row.engine_version, row.agent_version) if version)

    @display(description=_("certificate"), ordering="certificate_expires_at")
    def expiry(self, row: Any) -> str:
        """When the agent's certificate ends."""
        return (
            date_format(row.certificate_expires_at, "Y-m-d") if row.certificate_expires_at else ""
        )

    def page_of(self, request: HttpRequest, row: Node) -> Mapping[str, Any]:
        """Facts, usage, what runs there, and the actions that the person may take."""
        user = cast("Any", request.user)
        return {**node_page(user, row), "buttons": action_buttons(user, row)}


@admin.register(EngineEndpoint)
class EngineEndpointAdmin(ModelAdmin):
    """Addresses of engines; those from the settings are changed there."""

    empty = Empty(
        "settings_ethernet",
        _("No engine addresses yet"),
        _(
            "An address is where the portal asks a node's engine or agent. Those of DCE_DOCKER_HOST and "
            "of nodes that join come by themselves; others are added here."
        ),
    )

    form = EngineEndpointForm
    list_display = ("url", "node", "cluster", "manager", "api_version", "last_answer", "last_error")
    list_filter = ("is_manager", "from_settings", "cluster")
    list_select_related = ("node", "cluster")
    search_fields = ("url", "node__hostname", "engine_id")
    fields = ("url", "tls_ca", "tls_cert", "tls_key")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Above the form: which engine answered, or why none did."""
        endpoint = self.get_object(request, object_id)
        page = endpoint_page(endpoint) if isinstance(endpoint, EngineEndpoint) else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **page})

    @override
    def save_model(
        self, request: HttpRequest, obj: EngineEndpoint, form: Any, change: bool
    ) -> None:
        """Save, and warn of an engine that anybody on the network could steer."""
        super().save_model(request, obj, form, change)
        if obj.lacks_tls:
            self.message_user(request, NO_TLS, messages.WARNING)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Not for addresses that the settings name."""
        return _is_own(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Not for addresses that the settings name: they would come back."""
        return _is_own(obj) and super().has_delete_permission(request, obj)

    @display(description=_("manager"), boolean=True, ordering="is_manager")
    def manager(self, row: EngineEndpoint) -> bool:
        """Whether a Swarm can be asked through it."""
        return row.is_manager

    @display(description=_("last answer"), ordering="last_ok_at")
    def last_answer(self, row: EngineEndpoint) -> str | SafeString:
        """How long ago."""
        return ago(row.last_ok_at)


def _is_own(endpoint: Model | None) -> bool:
    return not (isinstance(endpoint, EngineEndpoint) and endpoint.from_settings)


@admin.register(ClusterEvent)
class ClusterEventAdmin(ReadOnlyAdmin):
    """What changed, newest first."""

    list_display = ("when", "severity_label", "subject_label", "what", "about", "node", "cluster")
    list_filter = ("severity", "cluster", ("subject_kind", WordsFilter))
    list_select_related = ("cluster", "node")
    search_fields = ("kind", "subject_label", "subject_id")
    date_hierarchy = None

    @display(description=_("at"), ordering="at")
    def when(self, row: ClusterEvent) -> str | SafeString:
        """How long ago."""
        return ago(row.at)

    @display(description=_("severity"), ordering="severity", label=STATE_TONES)
    def severity_label(self, row: ClusterEvent) -> tuple[str, str]:
        """How much it matters."""
        return row.severity, row.get_severity_display()

    @display(description=_("what happened"), ordering="kind")
    def what(self, row: ClusterEvent) -> str:
        """In words."""
        return row.words

    @display(description=_("kind of subject"), ordering="subject_kind")
    def about(self, row: ClusterEvent) -> str:
        """A node, a service, a task or a container."""
        return in_words(row.subject_kind)
