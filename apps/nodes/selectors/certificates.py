"""What the pages of agents' certificates show."""

from __future__ import annotations

from typing import Any

from apps.nodes.models import (
    AgentCertificate,
)
from apps.nodes.selectors.addresses import agents_with_certificate
from apps.nodes.selectors.visible import MOST_ROWS_A_PAGE, Viewer
from dce_portal import authority


def authority_page(user: Viewer) -> dict[str, Any]:
    """What the page of agents' certificates says of the CA itself."""
    current = authority.current_authority()
    if current is None:
        return {"authority": None}
    agents = agents_with_certificate()
    return {
        "authority": current,
        "retiring": authority.retiring_authority(),
        "stage": str(authority.rotation_stage()),
        "waiting": [agent for agent in agents if agent.certificate_error][:MOST_ROWS_A_PAGE],
        "agent_count": len(agents),
        "https_expires_at": authority.https_expires_at(),
        "can_rotate": user.has_perm("nodes.manage_cluster"),
    }


def certificate_page(user: Viewer, certificate: AgentCertificate) -> dict[str, Any]:
    """What the page of one certificate shows beside its fields."""
    can_revoke = certificate.revoked_at is None and user.has_perm("nodes.remove_node")
    return {"certificate": certificate, "can_revoke": can_revoke}
