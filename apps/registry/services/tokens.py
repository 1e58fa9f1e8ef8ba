"""Answers a token request: who asks, what of it is granted, and a signed token for exactly that.

A wrong credential is an error. A missing right is not: the token then allows less.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _

from apps.accounts.services import LockedOut, verify_credential
from apps.registry import decisions, selectors
from apps.registry.decisions import Decision
from apps.registry.recent import recently
from apps.registry.rights import (
    Access,
    ActorFacts,
    GrantFact,
    NamespaceFact,
    authorize,
    namespace_of,
)
from apps.registry.robot_models import PREFIX as ROBOT_PREFIX
from apps.registry.robot_rows import RobotRow
from apps.registry.scopes import Scope
from apps.registry.services.logins import PREFIX, make_docker_login, verify_docker_login
from apps.registry.services.robots import verify_robot
from apps.registry.signing import SignedToken, signer
from dce_portal.errors import InvalidInput, NotAuthenticated

if TYPE_CHECKING:
    from apps.accounts.models import User

NAMED_TOKEN_PREFIXES = ("dcep_", ROBOT_PREFIX)
TOKEN_PREFIXES = (PREFIX, *NAMED_TOKEN_PREFIXES)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """What a client sent; `username` None is anonymous, `refresh_token` comes alone."""

    service: str
    scopes: tuple[Scope, ...]
    username: str | None = None
    secret: str = ""
    refresh_token: str = ""
    client_id: str = ""
    wants_login: bool = False
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAnswer:
    """The signed token, what it allows, and a docker login where one is due."""

    token: SignedToken
    access: tuple[Access, ...]
    refresh_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Caller:
    """Who asks, and by what: `login` is the docker login that was used."""

    user: User | AnonymousUser
    credential: str = ""
    token_scopes: frozenset[str] | None = None
    has_password: bool = False
    robot: RobotRow | None = None

    @property
    def name(self) -> str:
        return self.robot.username if self.robot else self.user.get_username()


def issue_token(request: TokenRequest) -> TokenAnswer:
    """Authenticate, authorise and sign; NotAuthenticated or InvalidInput with the reason."""
    _check_service(request.service)
    caller, access = _decide(request)
    decisions.note(_worth_noting(caller, request, access))
    token = signer().sign(subject=caller.name, access=access)
    return TokenAnswer(token=token, access=access, refresh_token=_login_for(caller, request))


def _check_service(service: str) -> None:
    """A client that names no service means the only one there is."""
    if service not in ("", settings.REGISTRY_SERVICE):
        raise InvalidInput(
            _("this portal gives tokens for the service %(service)s only")
            % {"service": settings.REGISTRY_SERVICE},
            field="service",
        )


def _decide(request: TokenRequest) -> tuple[_Caller, tuple[Access, ...]]:
    """Who asks and what is granted; the same question within a moment is worked out once.

    A password or a docker login is looked at each time: failures are counted, uses are noted.
    """

    def work_out() -> tuple[_Caller, tuple[Access, ...]]:
        caller = _authenticate(request)
        return caller, _authorised(caller, request.scopes)

    key = _repeatable(request)
    return work_out() if key is None else recently(key, work_out)


def _repeatable(request: TokenRequest) -> Hashable | None:
    """All that the decision depends on beside rows; the secret itself is not kept."""
    is_anonymous = request.username is None and not request.refresh_token
    if not (is_anonymous or request.secret.startswith(NAMED_TOKEN_PREFIXES)):
        return None
    secret = hashlib.sha256(request.secret.encode()).digest()
    return request.username, secret, request.address, request.scopes


def _authenticate(request: TokenRequest) -> _Caller:
    try:
        return _caller_of(request)
    except LockedOut:
        # Written once, when the wait began.
        raise
    except NotAuthenticated as error:
        # Wrong passwords are audited where they are checked and counted.
        if request.refresh_token or request.secret.startswith(TOKEN_PREFIXES):
            decisions.note([_failed_login(request, error)])
        raise


def _caller_of(request: TokenRequest) -> _Caller:
    if request.refresh_token:
        return _by_docker_login(request.refresh_token, request)
    if request.username is None:
        return _Caller(user=AnonymousUser())
    if not request.username and request.secret.startswith(PREFIX):
        # containerd sends a docker login this way when it falls back to GET.
        return _by_docker_login(request.secret, request)
    if request.secret.startswith(ROBOT_PREFIX):
        robot = verify_robot(request.username, request.secret, address=request.address)
        return _Caller(user=AnonymousUser(), credential=robot.label, robot=robot)
    if not request.secret.startswith(TOKEN_PREFIXES):
        _refuse_passwords_where_off()
    credential = verify_credential(request.username, request.secret, address=request.address)
    return _Caller(
        user=credential.user,
        credential=credential.label,
        token_scopes=credential.scopes,
        has_password=credential.kind == "password",
    )


def _refuse_passwords_where_off() -> None:
    """Before the password is looked at, so that it cannot be guessed here either."""
    if not settings.REGISTRY_PASSWORDS:
        raise NotAuthenticated(
            _(
                "passwords are switched off for docker here; make a personal token in the portal"
                " and run docker login with it in place of the password"
            )
        )


def _by_docker_login(secret: str, request: TokenRequest) -> _Caller:
    _refuse_passwords_where_off()
    login = verify_docker_login(secret, service=settings.REGISTRY_SERVICE, address=request.address)
    return _Caller(user=login.owner, credential=f"docker login {login.pk}")


def _authorised(caller: _Caller, scopes: tuple[Scope, ...]) -> tuple[Access, ...]:
    names = {
        namespace
        for scope in scopes
        if scope.type == "repository" and (namespace := namespace_of(scope.name))
    }
    if not names and not _asks_catalogue(scopes):
        return ()
    namespaces, grants = _facts(caller, names)
    actor = ActorFacts(
        name=caller.name,
        is_superuser=caller.user.is_superuser,
        may_list_all=_asks_catalogue(scopes) and caller.user.has_perm("registry.list_catalogue"),
        token_scopes=caller.token_scopes,
        grants=grants,
    )
    return authorize(actor, requested=scopes, namespaces=namespaces)


def _facts(
    caller: _Caller, names: set[str]
) -> tuple[tuple[NamespaceFact, ...], tuple[GrantFact, ...]]:
    """A robot's own rights are in its row; of other namespaces it has what everybody has."""
    if caller.robot is None:
        return selectors.rights_facts(caller.user, namespaces=names) if names else ((), ())
    others = names - {caller.robot.namespace.name}
    public, _none = selectors.rights_facts(caller.user, namespaces=others) if others else ((), ())
    return (caller.robot.namespace, *public), caller.robot.grants


def _asks_catalogue(scopes: Iterable[Scope]) -> bool:
    return any(scope.type == "registry" for scope in scopes)


def _login_for(caller: _Caller, request: TokenRequest) -> str | None:
    """A docker login, when it was asked for and a password stands behind it.

    Whoever gets one sends it from then on in place of the password.
    """
    if not request.wants_login:
        return None
    if request.refresh_token:
        return request.refresh_token
    if not (caller.has_password and settings.REGISTRY_DOCKER_LOGINS):
        return None
    _login, secret = make_docker_login(
        owner=caller.user,  # type: ignore[arg-type]  # a password belongs to a person
        service=settings.REGISTRY_SERVICE,
        client_id=request.client_id,
        address=request.address,
    )
    return secret


def _worth_noting(
    caller: _Caller, request: TokenRequest, access: tuple[Access, ...]
) -> list[Decision]:
    """Every decision about somebody who is known; what strangers pull is in the registry's events."""
    if not caller.name:
        return []
    granted = {(item.type, item.name): item.actions for item in access}
    return [
        _decision(caller, request, scope, granted.get((scope.type, scope.name), ()))
        for scope in request.scopes
    ]


def _decision(
    caller: _Caller, request: TokenRequest, scope: Scope, granted: tuple[str, ...]
) -> Decision:
    return Decision(
        action="registry.token",
        result="allowed" if granted else "denied",
        username=caller.name,
        address=request.address or "",
        credential=caller.credential,
        resource=f"{scope.type}:{scope.name}",
        requested=tuple(sorted(scope.actions)),
        granted=granted,
    )


def _failed_login(request: TokenRequest, error: NotAuthenticated) -> Decision:
    return Decision(
        action="registry.login",
        result="failed",
        username=(request.username or "")[:150],
        address=request.address or "",
        credential="docker login" if request.refresh_token else "token",
        reason=error.message,
    )
