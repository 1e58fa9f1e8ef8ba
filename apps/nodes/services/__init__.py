"""What acts in this app: taking engines on, applying polls, changing nodes."""

from apps.nodes.services.certificates import (
    IssuedToAgent,
    issue_agent_certificate,
    revoke_agent_certificates,
    revoke_certificate,
)
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
from apps.nodes.services.unasked import mark_unasked

__all__ = [
    "IssuedToAgent",
    "adopt_configured_engines",
    "apply_cluster_snapshot",
    "apply_engine_snapshot",
    "check_engine_socket",
    "check_engine_url",
    "check_tls_file",
    "cluster_poll_failed",
    "drop_old_events",
    "engine_poll_failed",
    "issue_agent_certificate",
    "mark_unasked",
    "request_node_change",
    "revoke_agent_certificates",
    "revoke_certificate",
]
