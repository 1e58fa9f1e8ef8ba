"""Adds, changes and removes other registries and rules; a credential is sealed and never shown again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from django.db import transaction
from django.db.models import Model, ProtectedError
from django.utils.translation import gettext as _

from apps.accounts.services import record_audit
from apps.replication.models import RemoteRegistry, ReplicationRule
from apps.replication.rules.schedule import parsed
from dce_portal.errors import Conflict, InvalidInput
from dce_portal.operations import Target
from dce_portal.origin import Origin
from dce_portal.sealing import seal
from dce_portal.secret import Secret

REMOTE_FIELDS = ("name", "url", "username", "ca_pem")
RULE_FIELDS = (
    "name",
    "remote",
    "direction",
    "repositories",
    "tags",
    "prefix",
    "on_push",
    "every_minutes",
    "cron",
    "is_active",
)


def check_remote_url(url: str) -> None:
    """Refuse what is no registry's address."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises for a port that is none
    except ValueError:
        parts = urlsplit("")
    is_plain = parts.scheme in {"http", "https"} and parts.hostname and not parts.query
    if not is_plain or parts.path.strip("/"):
        message = _("The address is http:// or https:// with a host, and no path.")
        raise InvalidInput(message, field="url")
    if parts.username or parts.password:
        message = _("Leave user name and password out of the address; there are fields for them.")
        raise InvalidInput(message, field="url")


def check_authority(pem: str) -> None:
    """Refuse what is no certificate."""
    if not pem:
        return
    try:
        x509.load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        message = _("This is no certificate in PEM form.")
        raise InvalidInput(message, field="ca_pem") from error


def save_remote(
    remote: RemoteRegistry, values: Mapping[str, Any], *, secret: str | None, origin: Origin
) -> RemoteRegistry:
    """Write another registry; a secret of None stays, an empty one is taken away.

    Where the address names another host, a kept secret is not sent to it: it must be given again.
    """
    is_new = remote.pk is None
    check_remote_url(values.get("url", remote.url).rstrip("/"))
    moved = not is_new and "url" in values and _place(values["url"]) != _place(remote.url)
    for name in REMOTE_FIELDS:
        setattr(remote, name, values.get(name, getattr(remote, name)))
    remote.url = remote.url.rstrip("/")
    check_authority(remote.ca_pem)
    if secret is not None:
        remote.sealed_secret = seal(Secret(secret)) if secret else ""
    elif moved and remote.sealed_secret:
        message = _("The address names another host; give the password or token again.")
        raise InvalidInput(message, field="secret")
    with transaction.atomic():
        remote.save()
        verb = "add" if is_new else "change"
        detail = {"url": remote.url, "secret_given": secret is not None}
        _record(f"remoteregistry.{verb}", remote, origin, detail)
    return remote


def save_rule(
    rule: ReplicationRule, values: Mapping[str, Any], *, origin: Origin
) -> ReplicationRule:
    """Write a rule."""
    is_new = rule.pk is None
    for name in RULE_FIELDS:
        if name in values:
            setattr(rule, name, values[name])
    check_rule(rule)
    with transaction.atomic():
        rule.save()
        verb = "add" if is_new else "change"
        detail = {"direction": rule.direction, "repositories": rule.repositories}
        _record(f"replicationrule.{verb}", rule, origin, detail)
    return rule


def check_rule(rule: ReplicationRule) -> None:
    """Refuse what cannot be meant."""
    if not rule.repositories.split():
        raise InvalidInput(_("Name at least one repository."), field="repositories")
    if rule.cron and parsed(rule.cron) is None:
        message = _("A cron line has five fields: minute, hour, day, month, weekday.")
        raise InvalidInput(message, field="cron")
    if rule.cron and rule.every_minutes:
        raise InvalidInput(_("Give minutes or a cron line, not both."), field="cron")
    if rule.on_push and rule.direction != ReplicationRule.Direction.PUSH:
        message = _("What the other registry is pushed, nobody tells here; use a schedule.")
        raise InvalidInput(message, field="on_push")


def delete_row(row: RemoteRegistry | ReplicationRule, *, origin: Origin) -> None:
    """Take one out; copied images stay where they are."""
    try:
        with transaction.atomic():
            _record(f"{row._meta.model_name}.delete", row, origin, {})
            row.delete()
    except ProtectedError as error:
        message = _("Rules or cache namespaces use this registry; nothing was deleted.")
        raise Conflict(message) from error


def _place(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def _record(action: str, row: Model, origin: Origin, detail: Mapping[str, Any]) -> None:
    target = Target(str(row._meta.model_name), str(row.pk), str(row))
    record_audit(action, origin=origin, target=target, detail=detail)
