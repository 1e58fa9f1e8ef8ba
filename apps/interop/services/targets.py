"""Adds, changes and removes remote-write targets; the credential is sealed and never shown again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.services import record_audit
from apps.interop.models import RemoteWrite
from dce_portal.errors import InvalidInput
from dce_portal.operations import Target
from dce_portal.origin import Origin
from dce_portal.sealing import seal
from dce_portal.secret import Secret

FIELDS = ("name", "url", "username", "portal_label", "is_active")


def check_target_url(url: str) -> None:
    """Refuse what is no address of a receiver, and one that carries its password in the clear."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises for a port that is none
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        message = _("The address begins with http:// or https:// and names a host.")
        raise InvalidInput(message, field="url")
    if parts.username or parts.password:
        message = _("Leave user name and password out of the address; there are fields for them.")
        raise InvalidInput(message, field="url")


def save_target(
    target: RemoteWrite, values: Mapping[str, Any], *, secret: str | None, origin: Origin
) -> RemoteWrite:
    """Write a target; a secret of None stays as it was, an empty one is taken away.

    Whatever was changed, the next try comes at once. Where the receiver is another one now,
    a kept secret is not sent to it: it must be given again.
    """
    is_new = target.pk is None
    check_target_url(values.get("url", target.url))
    moved = not is_new and "url" in values and _place(values["url"]) != _place(target.url)
    for name in FIELDS:
        setattr(target, name, values.get(name, getattr(target, name)))
    if secret is not None:
        target.sealed_secret = seal(Secret(secret)) if secret else ""
    elif moved and target.sealed_secret:
        message = _("The address names another host; give the password or token again.")
        raise InvalidInput(message, field="secret")
    target.next_try_at, target.failures = None, 0
    with transaction.atomic():
        target.save(update_fields=None if is_new else [*FIELDS, *_CHANGED])
        verb = "add" if is_new else "change"
        detail = {"url": target.url, "secret_given": secret is not None}
        record_audit(f"remotewrite.{verb}", origin=origin, target=_target(target), detail=detail)
    return target


_CHANGED = ("sealed_secret", "next_try_at", "failures")


def delete_target(target: RemoteWrite, *, origin: Origin) -> None:
    """Take a target out; what it has got stays there."""
    with transaction.atomic():
        record_audit("remotewrite.delete", origin=origin, target=_target(target))
        target.delete()


def _place(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def _target(target: RemoteWrite) -> Target:
    return Target("remotewrite", str(target.pk), target.name)
