"""Adds, changes and removes receivers of the audit; a key is sealed and never shown again."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.selectors import latest_audit_number
from apps.accounts.services import record_audit
from apps.forwarding import backends
from apps.forwarding.models import Forward
from apps.forwarding.rules.addresses import host_and_port, is_web_address, place_of
from dce_portal.errors import InvalidInput
from dce_portal.operations import Target
from dce_portal.origin import Origin
from dce_portal.sealing import seal
from dce_portal.secret import Secret

FIELDS = ("name", "kind", "address", "ca_certificates", "is_active")
LONGEST_CERTIFICATES = 64 * 1024


def save_forward(
    forward: Forward, values: Mapping[str, Any], *, secret: str | None, origin: Origin
) -> Forward:
    """Write a receiver; a key of None stays as it was, an empty one is taken away.

    A new one gets what happens from now on. Where it is another one now, a kept key does not go along.
    """
    is_new = forward.pk is None
    moved = not is_new and place_of(values.get("address", forward.address)) != place_of(
        forward.address
    )
    for name in FIELDS:
        setattr(forward, name, values.get(name, getattr(forward, name)))
    check_receiver(forward.kind, forward.address, forward.ca_certificates)
    if secret is not None:
        forward.sealed_secret = seal(Secret(secret)) if secret else ""
    elif moved and forward.sealed_secret:
        message = _("The address names another host; give the key again.")
        raise InvalidInput(message, field="secret")
    if is_new:
        forward.sent_to = latest_audit_number()
    forward.next_try_at, forward.failures = None, 0
    with transaction.atomic():
        forward.save(update_fields=None if is_new else [*FIELDS, *_CHANGED])
        detail = {"kind": forward.kind, "address": forward.address, "key_given": bool(secret)}
        verb = "add" if is_new else "change"
        record_audit(f"forward.{verb}", origin=origin, target=_target(forward), detail=detail)
    return forward


_CHANGED = ("sealed_secret", "next_try_at", "failures")


@transaction.atomic
def delete_forward(forward: Forward, *, origin: Origin) -> None:
    """Send nothing there any more; what it has got stays there."""
    record_audit("forward.delete", origin=origin, target=_target(forward))
    forward.delete()


def check_receiver(kind: str, address: str, certificates: str) -> None:
    """Refuse what is no address of such a receiver, and certificates that are none."""
    if kind == Forward.Kind.WEBHOOK and not is_web_address(address):
        message = _("The address of a webhook begins with http:// or https:// and names a host.")
        raise InvalidInput(message, field="address")
    if kind != Forward.Kind.WEBHOOK and host_and_port(address) is None:
        message = _("The address of syslog is a host and a port, such as logs.example.org:6514.")
        raise InvalidInput(message, field="address")
    _check_certificates(certificates)


def _check_certificates(certificates: str) -> None:
    message = _("These are no certificates in PEM form.")
    if len(certificates) > LONGEST_CERTIFICATES:
        raise InvalidInput(message, field="ca_certificates")
    try:
        backends.tls_of(certificates)
    except (ssl.SSLError, ValueError) as error:
        raise InvalidInput(message, field="ca_certificates") from error


def _target(forward: Forward) -> Target:
    return Target("forward", str(forward.pk), forward.name)
