"""What acts in this app: taking engines on, applying polls, changing and removing nodes."""

from apps.nodes.services.agent_upgrades import request_agents_upgrade
from apps.nodes.services.bulk_labels import request_label_edits
from apps.nodes.services.certificates.issuing import (
    IssuedToAgent,
    issue_agent_certificate,
    revoke_agent_certificates,
    revoke_certificates_of,
)
from apps.nodes.services.certificates.renewal import bring_up_to_date, renew_due_certificates
from apps.nodes.services.certificates.rotation import (
    finish_rotation,
    preview_rotation,
    request_rotation,
)
from apps.nodes.services.cluster_rows import forget_cluster, forget_engine, rename_cluster
from apps.nodes.services.disk import measure_disk, prune_node
from apps.nodes.services.housekeeping import drop_old_events
from apps.nodes.services.node_changes import request_node_change
from apps.nodes.services.onboarding import (
    adopt_configured_engines,
    check_engine_socket,
    check_engine_url,
    check_tls_file,
)
from apps.nodes.services.polling.agent_polls import AgentPlace, agent_memory, place_agent
from apps.nodes.services.polling.agent_touch import touch_agents, touch_clusters
from apps.nodes.services.polling.polls import (
    apply_cluster_snapshot,
    apply_engine_snapshot,
    cluster_poll_failed,
    engine_poll_failed,
)
from apps.nodes.services.polling.standalone_polls import (
    apply_standalone_snapshot,
    keep_discovery,
    standalone_poll_failed,
)
from apps.nodes.services.polling.unasked import mark_unasked
from apps.nodes.services.rebalance import request_rebalance, why_not_rebalance
from apps.nodes.services.removal import (
    Way,
    removal_way,
    request_removal,
    why_not_remove,
)
from apps.nodes.services.roles import quorum_by_rows, request_role_change, why_not_role
from apps.nodes.services.standalone import (
    StandaloneWish,
    add_standalone_swarm,
    change_standalone_swarm,
    forget_standalone_swarm,
    wish_of,
)
from apps.nodes.services.swarm_changes import (
    rotate_ca,
    rotate_tokens,
    rotate_unlock_key,
    set_autolock,
)
from apps.nodes.services.swarm_secrets import show_join_tokens, show_unlock_key
from apps.nodes.services.unlocking import request_unlock

__all__ = [
    "AgentPlace",
    "IssuedToAgent",
    "StandaloneWish",
    "Way",
    "add_standalone_swarm",
    "adopt_configured_engines",
    "agent_memory",
    "apply_cluster_snapshot",
    "apply_engine_snapshot",
    "apply_standalone_snapshot",
    "bring_up_to_date",
    "change_standalone_swarm",
    "check_engine_socket",
    "check_engine_url",
    "check_tls_file",
    "cluster_poll_failed",
    "drop_old_events",
    "engine_poll_failed",
    "finish_rotation",
    "forget_cluster",
    "forget_engine",
    "forget_standalone_swarm",
    "issue_agent_certificate",
    "keep_discovery",
    "mark_unasked",
    "measure_disk",
    "place_agent",
    "preview_rotation",
    "prune_node",
    "quorum_by_rows",
    "removal_way",
    "rename_cluster",
    "renew_due_certificates",
    "request_agents_upgrade",
    "request_label_edits",
    "request_node_change",
    "request_rebalance",
    "request_removal",
    "request_role_change",
    "request_rotation",
    "request_unlock",
    "revoke_agent_certificates",
    "revoke_certificates_of",
    "rotate_ca",
    "rotate_tokens",
    "rotate_unlock_key",
    "set_autolock",
    "show_join_tokens",
    "show_unlock_key",
    "standalone_poll_failed",
    "touch_agents",
    "touch_clusters",
    "why_not_rebalance",
    "why_not_remove",
    "why_not_role",
    "wish_of",
]
