"""What acts in this app: taking engines on, applying polls, changing nodes."""

from apps.nodes.services.disk import measure_disk, prune_node
from apps.nodes.services.forgetting import forget_cluster, forget_engine, rename_cluster
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
from apps.nodes.services.swarm_changes import (
    rotate_ca,
    rotate_tokens,
    rotate_unlock_key,
    set_autolock,
)
from apps.nodes.services.swarm_secrets import show_join_tokens, show_unlock_key
from apps.nodes.services.unasked import mark_unasked
from apps.nodes.services.unlocking import request_unlock

__all__ = [
    "adopt_configured_engines",
    "apply_cluster_snapshot",
    "apply_engine_snapshot",
    "check_engine_socket",
    "check_engine_url",
    "check_tls_file",
    "cluster_poll_failed",
    "drop_old_events",
    "engine_poll_failed",
    "forget_cluster",
    "forget_engine",
    "mark_unasked",
    "measure_disk",
    "prune_node",
    "rename_cluster",
    "request_node_change",
    "request_unlock",
    "rotate_ca",
    "rotate_tokens",
    "rotate_unlock_key",
    "set_autolock",
    "show_join_tokens",
    "show_unlock_key",
]
