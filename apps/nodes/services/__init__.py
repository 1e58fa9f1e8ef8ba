"""What acts in this app: taking engines on, applying polls, changing nodes."""

from apps.nodes.services.authority_rotation import (
    finish_rotation,
    preview_rotation,
    request_rotation,
)
from apps.nodes.services.certificates import (
    IssuedToAgent,
    issue_agent_certificate,
    revoke_agent_certificates,
    revoke_certificates_of,
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
from apps.nodes.services.renewal import bring_up_to_date, renew_due_certificates
from apps.nodes.services.unasked import mark_unasked

__all__ = [
    "IssuedToAgent",
    "adopt_configured_engines",
    "apply_cluster_snapshot",
    "apply_engine_snapshot",
    "bring_up_to_date",
    "check_engine_socket",
    "check_engine_url",
    "check_tls_file",
    "cluster_poll_failed",
    "drop_old_events",
    "engine_poll_failed",
    "finish_rotation",
    "issue_agent_certificate",
    "mark_unasked",
    "preview_rotation",
    "renew_due_certificates",
    "request_node_change",
    "request_rotation",
    "revoke_agent_certificates",
    "revoke_certificates_of",
]
