"""What acts in this app: taking engines on, applying polls, changing nodes."""

from apps.nodes.services.housekeeping import drop_old_events
from apps.nodes.services.node_changes import request_node_change
from apps.nodes.services.onboarding import (
    adopt_configured_engines,
    check_engine_socket,
    check_engine_url,
    check_tls_file,
)
from apps.nodes.services.polls import (
    apply_cluster_snapshot,
    apply_engine_snapshot,
    cluster_poll_failed,
    engine_poll_failed,
)
from apps.nodes.services.standalone import (
    StandaloneWish,
    add_standalone_swarm,
    change_standalone_swarm,
    forget_standalone_swarm,
    wish_of,
)
from apps.nodes.services.standalone_polls import (
    apply_standalone_snapshot,
    keep_discovery,
    standalone_poll_failed,
)
from apps.nodes.services.unasked import mark_unasked

__all__ = [
    "StandaloneWish",
    "add_standalone_swarm",
    "adopt_configured_engines",
    "apply_cluster_snapshot",
    "apply_engine_snapshot",
    "apply_standalone_snapshot",
    "change_standalone_swarm",
    "check_engine_socket",
    "check_engine_url",
    "check_tls_file",
    "cluster_poll_failed",
    "drop_old_events",
    "engine_poll_failed",
    "forget_standalone_swarm",
    "keep_discovery",
    "mark_unasked",
    "request_node_change",
    "standalone_poll_failed",
    "wish_of",
]
