"""Docker logins: refresh tokens that a client keeps instead of a password.

Only a password makes one, since a personal token is a revocable credential already. It ends
when it expires or is revoked, when its owner's password changes, or when the owner is disabled.
The client's name is recorded, not checked: docker, buildx and podman share one file of logins.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.services import UnknownSecret, counted, record_audit
from apps.registry.models import DockerLogin
from dce_portal.errors import NotAuthenticated
from dce_portal.operations import Target
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from apps.accounts.models import User

PREFIX = "dcef_"
USE_NOTED_EVERY = timedelta(minutes=1)
KEPT_AFTER_END = timedelta(days=30)


def make_docker_login(
    *, owner: User, service: str, client_id: str, address: str | None
) -> tuple[DockerLogin, str]:
    """A new login, and its secret, which is not kept."""
    secret = PREFIX + secrets.token_urlsafe(32)
    login = DockerLogin.objects.create(
        owner=owner,
        digest=_digest(secret),
        password_stamp=owner.get_session_auth_hash(),
        service=service,
        client_id=client_id[:64],
        address=address or "",
        expires_at=timezone.now() + timedelta(days=settings.REGISTRY_DOCKER_LOGIN_DAYS),
    )
    return login, secret


def verify_docker_login(secret: str, *, service: str, address: str | None) -> DockerLogin:
    """The login that a secret belongs to; NotAuthenticated with the sentence that docker prints."""
    logins = DockerLogin.objects.select_related("owner")
    login = logins.filter(digest=_digest(secret), service=service).first()
    sentence = _("this docker login has ended or was revoked; run docker login again")
    with counted(secret, address=address):
        if login is None:
            raise UnknownSecret(sentence)
    if not _is_good(login):
        raise NotAuthenticated(sentence)
    _note_use(login, address)
    return login


@transaction.atomic
def revoke_docker_login(login: DockerLogin, *, origin: Origin) -> None:
    """End a login; registry tokens that it was exchanged for end within minutes by themselves."""
    if login.revoked_at is not None:
        return
    login.revoked_at = timezone.now()
    login.save(update_fields=["revoked_at"])
    target = Target("docker_login", str(login.pk), str(login))
    record_audit("docker_login.revoke", origin=origin, target=target)


def drop_ended_logins() -> int:
    """Remove logins that ended a while ago; returns how many."""
    before = timezone.now() - KEPT_AFTER_END
    expired = DockerLogin.objects.filter(expires_at__lt=before)
    revoked = DockerLogin.objects.filter(revoked_at__lt=before)
    return expired.delete()[0] + revoked.delete()[0]


def _is_good(login: DockerLogin) -> bool:
    stamp = login.owner.get_session_auth_hash()
    same_password = secrets.compare_digest(login.password_stamp, stamp)
    return login.is_usable and login.owner.is_active and same_password


def _note_use(login: DockerLogin, address: str | None) -> None:
    now = timezone.now()
    if login.last_used_at is not None and now - login.last_used_at < USE_NOTED_EVERY:
        return
    login.last_used_at, login.address = now, address or login.address
    login.save(update_fields=["last_used_at", "address"])


def _digest(secret: str) -> str:
    """The secret has 256 random bits, so a fast digest keeps it as safe as a slow one."""
    return hashlib.sha256(secret.encode()).hexdigest()
