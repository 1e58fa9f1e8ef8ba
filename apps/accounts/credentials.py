"""Checks what people and scripts sign in with: a password, or a personal token.

One `docker push` signs in several times, and a password's hash is slow on purpose: a right
password is remembered for a minute under a keyed digest of itself and of the stored hash,
so that changing the password forgets it at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import structlog
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.utils.translation import gettext as _

from apps.accounts import lockout, memory, spraying, tokens
from apps.accounts.audit import AuditEntry, record_audit
from apps.accounts.backends import directory
from apps.accounts.models import PersonalToken, User
from apps.accounts.ports import Directory, OutsidePerson
from apps.accounts.proving import read_text, refuse_unproven, token_digest
from apps.accounts.refusals import note_half_way, note_refusal
from apps.accounts.security.outsiders import take_in
from apps.accounts.security.policy import may_use_password_alone
from apps.accounts.token_rows import token_with_owner
from apps.accounts.uses import note_use
from dce_portal.errors import NotAuthenticated, Unavailable
from dce_portal.operations import Target
from dce_portal.origin import Origin

__all__ = [
    "Credential",
    "token_digest",
    "verify_bearer",
    "verify_credential",
    "verify_password",
]

log = structlog.get_logger(__name__)

REMEMBER_S = 60.0


class SecondFactorNeeded(NotAuthenticated):
    """The password is right, and not enough."""

    code = "second_factor_needed"


class DirectorySilent(NotAuthenticated):
    """Nobody could say whether the password is right."""

    code = "directory_silent"


@dataclass(frozen=True, slots=True)
class Credential:
    """A person whose credential was right; `scopes` None means all of the person's rights."""

    user: User
    kind: Literal["password", "token"]
    token: PersonalToken | None = None
    scopes: frozenset[str] | None = None

    def allows(self, scope: str) -> bool:
        """True when the credential is not narrowed, or narrowed to this scope among others."""
        return self.scopes is None or scope in self.scopes

    @property
    def label(self) -> str:
        """How audit entries name it; nothing secret."""
        return str(self.token) if self.token else "password"


def verify_credential(username: str, secret: str, *, address: str | None) -> Credential:
    """Check a user name with a password or a personal token, or raise NotAuthenticated.

    Good tokens are not subject to any lock-out: a script must not be locked out because a person
    behind the same address mistypes a password.
    """
    if tokens.looks_like_token(secret):
        return _verify_named_token(username, secret, address=address)
    user = verify_password(username, secret, address=address)
    if not may_use_password_alone(user):
        note_half_way(user, address=address, credential="password")
        raise SecondFactorNeeded(
            _("A password alone does not sign you in; use a personal token in its place.")
        )
    return Credential(user=user, kind="password")


def verify_bearer(secret: str, *, address: str | None) -> Credential:
    """Check a personal token sent by itself, or raise NotAuthenticated."""
    with spraying.counted(secret, address=address):
        token = _usable_token(secret, address=address)
    note_use("accounts.PersonalToken", token.pk, last_used_at=token.last_used_at, address=address)
    scopes = frozenset(token.scopes)
    return Credential(user=token.owner, kind="token", token=token, scopes=scopes)


def verify_password(username: str, password: str, *, address: str | None) -> User:
    """Check a password with lock-out and memory, or raise NotAuthenticated."""
    lockout.refuse_if_locked(username, address=address)
    spraying.refuse_newcomers(username, address=address)
    known = User.objects.filter(username=username).first() if "\x00" not in username else None
    try:
        user = _user_of(known, username, password, address=address)
    except DirectorySilent:
        _note_failure_of_ours(known, password, address=address)
        raise
    if user is None:
        _note_failure(username, password, user=known, address=address)
        raise NotAuthenticated(_("The user name or the password is not right."))
    # Of guesses made at once all are under way before one has counted: once they lock, none is told.
    spraying.refuse_newcomers(username, address=address)
    if lockout.refuse_if_locked(username, address=address):
        lockout.forget_failures(username, address=address)
    spraying.remember(username, address=address)
    return user


def _verify_named_token(username: str, secret: str, *, address: str | None) -> Credential:
    credential = verify_bearer(secret, address=address)
    if credential.user.username != username:
        raise NotAuthenticated(_("This token belongs to another user name than the one given."))
    return credential


def _user_of(
    known: User | None, username: str, password: str, *, address: str | None
) -> User | None:
    """Whose password it is: ours first, then the directory's."""
    if known is not None and not known.is_active:
        return None
    if known is not None and _password_is_right(known, password):
        return known
    asked = directory()
    if asked is None or "\x00" in username or not _is_for_directory(known):
        return None
    return _by_directory(asked, known, (username, password), address=address)


def _is_for_directory(known: User | None) -> bool:
    """Somebody new, somebody of the directory, or one who may be taken for theirs."""
    if known is None or known.source == User.Source.LDAP:
        return True
    is_of_portal = known.source == User.Source.PORTAL and not known.is_superuser
    return bool(settings.CONFIGURATION.adopt_people and is_of_portal)


def _by_directory(
    asked: Directory, known: User | None, credential: tuple[str, str], *, address: str | None
) -> User | None:
    try:
        outside = asked.check(*credential)
    except Unavailable as error:
        log.warning("directory_silent", error=error.message)
        raise DirectorySilent(error.message) from error
    if outside is None:
        return None
    person = _taken_in(outside, address=address)
    _remember(person, credential[1])
    return person


def _taken_in(outside: OutsidePerson, *, address: str | None) -> User:
    """Who that is here; that somebody of the directory may not come in is worth a line of the audit."""
    try:
        return take_in(outside, source=User.Source.LDAP, known=None, address=address)
    except NotAuthenticated:
        origin = Origin(address=address, credential=User.Source.LDAP)
        target, detail = Target("user", "", outside.username), {"by": User.Source.LDAP.value}
        note_refusal(AuditEntry("sign_in", origin, target, detail=detail))
        raise


def _password_is_right(user: User, password: str) -> bool:
    """Ask the memory first, then the slow hash; whom the directory vouches for has no hash here."""
    if memory.recall(_memory_key(user, password)):
        return True
    if not user.check_password(password):
        return False
    _remember(user, password)
    return True


def _remember(user: User, password: str) -> None:
    memory.keep(_memory_key(user, password), 1, for_s=REMEMBER_S)


def _memory_key(user: User, password: str) -> str:
    return f"accounts:password:{_digest('password', str(user.pk), user.password, password)}"


def _note_failure(username: str, password: str, *, user: User | None, address: str | None) -> None:
    if user is None or not user.is_active:
        make_password(password)  # whoever was not asked for takes as long as a wrong password
    spraying.count_name(username, address=address)
    if lockout.count_failure(username, password, address=address):
        origin = Origin(actor=user, address=address, credential="password")
        target = Target("user", str(user.pk) if user else "", username)
        record_audit("sign_in", origin=origin, target=target, result="denied")


def _note_failure_of_ours(known: User | None, password: str, *, address: str | None) -> None:
    """While the directory is silent: a password of the portal was looked at before, and is not this one."""
    if known is not None and known.has_usable_password():
        _note_failure(known.get_username(), password, user=known, address=address)


def _usable_token(secret: str, *, address: str | None) -> PersonalToken:
    text = read_text(secret)
    token = token_with_owner(text.key)
    refuse_unproven(token, text, address=address)
    if token is None or not token.owner.is_active:
        raise NotAuthenticated(_("The person that this token belongs to may no longer sign in."))
    return token


def _digest(*parts: str) -> str:
    return tokens.digest_of(*parts, pepper=tokens.pepper_of(settings.SECRET_KEY))
