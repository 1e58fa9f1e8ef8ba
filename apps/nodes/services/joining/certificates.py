"""Gives a joining host its agent's certificate, and with it the address at which the portal will ask."""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from apps.nodes.models import EngineEndpoint, Join
from apps.nodes.services.certificates.issuing import (
    issue_agent_certificate,
    revoke_agent_certificates,
)
from apps.nodes.services.joining.claims import origin_of
from dce_portal import authority
from dce_portal.errors import Conflict

AGENT_PORT = 12376


def server_name_of(join: Join) -> str:
    """The name in the agent's certificate: the same whenever this host asks, and no other host's."""
    message = f"nodes.join:{join.pk}:{join.machine_id}".encode()
    digest = hmac.digest(settings.SECRET_KEY.encode(), message, hashlib.sha256).hex()
    return f"agent-{digest[:12]}.dce"


def certify(join: Join, csr_pem: str, *, address: str | None) -> str:
    """Sign the host's request; the PEM of its certificate and of the CAs that it shall trust.

    A host that is in already and answers keeps what it has; one that was interrupted gets
    another certificate, and the one before is revoked.
    """
    origin = origin_of(join.token, address=address)
    with transaction.atomic():
        endpoint = _endpoint_for(join)
        if join.certificate is not None:
            reason = _("The host asked for another certificate while it joined.")
            revoke_agent_certificates(endpoint, reason=reason, origin=origin)
        issued = issue_agent_certificate(
            endpoint=endpoint, csr_pem=csr_pem, addresses=(join.address,), origin=origin
        )
        join.certificate = issued.certificate
        join.save(update_fields=["certificate", "updated_at"])
    return issued.pem.rstrip() + "\n" + authority.bundle_pem()


def agent_url(address: str) -> str:
    """Where an agent at this address answers."""
    return f"tcp://[{address}]:{AGENT_PORT}" if ":" in address else f"tcp://{address}:{AGENT_PORT}"


def endpoint_of(join: Join) -> EngineEndpoint | None:
    """The address that the portal asks for this host, once it has a certificate."""
    return join.certificate.endpoint if join.certificate else None


def is_answering(join: Join) -> bool:
    """Whether the portal has heard this host's agent since its certificate was made."""
    endpoint = endpoint_of(join)
    return endpoint is not None and endpoint.last_ok_at is not None and not endpoint.failures


def _endpoint_for(join: Join) -> EngineEndpoint:
    """The host's own address, moved when the host has; another host's is not given away."""
    url, name = agent_url(join.address), server_name_of(join)
    own = endpoint_of(join)
    there = EngineEndpoint.objects.filter(url=url).exclude(server_name=name).first()
    if there is not None and there.last_ok_at is not None and not there.failures:
        raise Conflict(
            _(
                "Another agent answers at %(url)s already. If that is this host, remove that node first."
            )
            % {"url": url}
        )
    if there is not None:
        there.delete()
    own = own or EngineEndpoint.objects.filter(server_name=name).first()
    endpoint = own or EngineEndpoint(kind=EngineEndpoint.Kind.AGENT)
    endpoint.url, endpoint.server_name = url, name
    endpoint.last_ok_at, endpoint.last_error, endpoint.failures = None, "", 0
    endpoint.save()
    return endpoint
