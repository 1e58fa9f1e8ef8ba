"""Signing in by an OpenID provider: django-allauth speaks with it, the portal decides who that is here.

Beside what allauth does (discovery, state, PKCE, the exchange of the code) the ID token's
signature, issuer, audience and nonce are checked.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any, cast

import jwt
import structlog
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from requests import RequestException

from apps.accounts import memory
from apps.accounts.audit import AuditEntry
from apps.accounts.models import User
from apps.accounts.pages.entering import enter, let_in, safe_page
from apps.accounts.ports import OutsidePerson
from apps.accounts.refusals import note_refusal
from apps.accounts.security import linked, marks
from apps.accounts.security.group_map import short_names
from apps.accounts.security.linked import PROVIDER, number_of
from apps.accounts.security.outsiders import take_in
from dce_portal.errors import Conflict, NotAuthenticated
from dce_portal.operations import Target
from dce_portal.origin import Origin, client_address

log = structlog.get_logger(__name__)

# None of those that a client's own secret or nothing at all signs.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
LEEWAY_S = 60
# As long as allauth waits for who was sent to the provider.
STARTED_S = 600
DISCOVERED_S = 60.0
FAILURES = (OAuth2Error, RequestException, jwt.PyJWTError, PermissionDenied, KeyError, ValueError)


class PortalAccounts(DefaultSocialAccountAdapter):
    """allauth's questions about providers, answered by the settings; its own pages are never reached."""

    def list_apps(
        self, request: HttpRequest, provider: Any = None, client_id: Any = None
    ) -> list[SocialApp]:
        """The one provider; nothing is read from the database."""
        configuration = settings.CONFIGURATION
        if configuration.oidc_issuer is None:
            return []
        secret = configuration.oidc_client_secret
        return [
            SocialApp(
                provider="openid_connect",
                provider_id=PROVIDER,
                name=configuration.oidc_name,
                client_id=configuration.oidc_client_id,
                secret=secret.reveal() if secret else "",
                settings={
                    "server_url": configuration.oidc_issuer,
                    "oauth_pkce_enabled": True,
                    "scope": list(configuration.oidc_scopes),
                },
            )
        ]

    def get_provider(self, request: HttpRequest, provider: Any, client_id: Any = None) -> Any:
        """The provider, with the checks below in its flow."""
        found = super().get_provider(request, provider, client_id=client_id)
        found.oauth2_adapter_class = CheckedOpenID
        return found

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """The provider has said who it is: from here on the portal goes its own way."""
        go_on = _link if sociallogin.state.get("link") else _enter
        try:
            raise ImmediateHttpResponse(go_on(request, sociallogin))
        except NotAuthenticated as error:
            raise ImmediateHttpResponse(_refuse(request, error.message)) from error

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Any = None,
        extra_context: Any = None,
    ) -> None:
        """Cancelled, forged or broken: back to the sign-in page, with a sentence."""
        log.warning("openid_failed", error=str(error), reason=str(exception))
        raise ImmediateHttpResponse(_refuse(request, _not_vouched()))


class CheckedOpenID(OpenIDConnectOAuth2Adapter):
    """The flow with the checks that allauth leaves to TLS."""

    @property
    def openid_config(self) -> dict[str, Any]:
        """What the provider says of itself; asked once a minute, however many people knock."""
        key = f"accounts:openid:{_digest(str(settings.CONFIGURATION.oidc_issuer))}"
        kept = memory.recall(key)
        if not isinstance(kept, dict):
            kept = cast("dict[str, Any]", super().openid_config)
            memory.keep(key, kept, for_s=DISCOVERED_S)
        return kept

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """Where the provider sends people back to; it must be registered there."""
        return request.build_absolute_uri(reverse("sign_in:openid_back"))

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        config = self.openid_config
        if str(config["issuer"]).rstrip("/") != settings.CONFIGURATION.oidc_issuer:
            raise OAuth2Error("the provider names another issuer than the settings")
        claims: dict[str, Any] = jwt.decode(
            id_token,
            key=self._key_of(id_token, config["jwks_uri"]),
            algorithms=list(ALGORITHMS),
            issuer=config["issuer"],
            audience=app.client_id,
            leeway=LEEWAY_S,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
        return claims

    def _key_of(self, id_token: str, address: str) -> jwt.PyJWK:
        """The key that the token names, from the provider's own set."""
        with PortalAccounts().get_requests_session() as session:
            answer = session.get(address)
            answer.raise_for_status()
            keys = jwt.PyJWKSet.from_dict(answer.json()).keys
        kid = jwt.get_unverified_header(id_token).get("kid")
        fitting = [key for key in keys if kid is None or key.key_id == kid]
        if len(fitting) != 1:
            raise OAuth2Error("the provider's key set has no such key")
        return fitting[0]


@never_cache
def start(request: HttpRequest) -> HttpResponse:
    """Send the browser to the provider."""
    return begin(request)


def begin(request: HttpRequest, *, link: int | None = None) -> HttpResponse:
    """To the provider: to sign in, or to link what it says with the person who is signed in here."""
    adapter = _adapter(request)
    if not request.user.is_authenticated:
        request.session.set_expiry(STARTED_S)  # whoever looks in leaves nothing behind
    try:
        return _away(request, adapter, link)
    except FAILURES as error:
        log.warning("openid_unreachable", reason=str(error))
        return _refuse(request, _("The OpenID provider does not answer; try again in a minute."))


def _away(request: HttpRequest, adapter: CheckedOpenID, link: int | None) -> HttpResponse:
    nonce = secrets.token_urlsafe(24)
    answer = adapter.get_provider().redirect(
        request,
        process="login",
        next_url=safe_page(request, request.GET.get("next", "")),
        auth_params={"nonce": nonce},
        nonce=nonce,
        link=link,
    )
    return cast("HttpResponse", answer)


@never_cache
def back(request: HttpRequest) -> HttpResponse:
    """Take the browser back from the provider."""
    try:
        view = OAuth2CallbackView.adapter_view(_adapter(request))
        return cast("HttpResponse", view(request))
    except ImmediateHttpResponse as answer:
        return cast("HttpResponse", answer.response)
    except FAILURES as error:
        log.warning("openid_failed", reason=str(error))
        return _refuse(request, _not_vouched())


def _adapter(request: HttpRequest) -> CheckedOpenID:
    if settings.CONFIGURATION.oidc_issuer is None:
        raise Http404
    return CheckedOpenID(request, PROVIDER)


def _enter(request: HttpRequest, sociallogin: Any) -> HttpResponse:
    claims = _claims(sociallogin)
    person = _person_of(claims, address=client_address(request))
    next_page = str(sociallogin.state.get("next", ""))
    if settings.CONFIGURATION.oidc_is_enough:
        return let_in(request, person, first="openid", second="openid", next_page=next_page)
    return enter(request, person, first="openid", next_page=next_page)


def _link(request: HttpRequest, sociallogin: Any) -> HttpResponse:
    """Only for who began it in this very session, is signed in still, and has shown so a short while ago."""
    claims, person = _claims(sociallogin), request.user
    if not isinstance(person, User) or person.pk != sociallogin.state["link"]:
        raise NotAuthenticated(_not_vouched())
    if not marks.is_fresh(request.session):
        return HttpResponseRedirect(reverse("security:confirm"))
    try:
        linked.link(person, claims, origin=Origin.of_request(request))
        messages.success(request, _("It is linked; you may sign in by it from now on."))
    except Conflict as error:
        messages.error(request, error.message)
    return HttpResponseRedirect(reverse("security:home"))


@transaction.atomic
def _person_of(claims: dict[str, Any], *, address: str | None) -> User:
    """Who that is here, known again by issuer and number."""
    number = number_of(claims)
    account = SocialAccount.objects.filter(provider=PROVIDER, uid=number).first()
    known = account.user if account else None
    person = take_in(_outside(claims), source=User.Source.OPENID, known=known, address=address)
    if account is None:
        SocialAccount.objects.create(provider=PROVIDER, uid=number, user=person)
    return person


def _claims(sociallogin: Any) -> dict[str, Any]:
    """The ID token's claims, completed by what the provider tells of the same person."""
    told = sociallogin.account.extra_data
    token, more = told.get("id_token") or {}, told.get("userinfo") or {}
    nonce = str(sociallogin.state.get("nonce", ""))
    is_ours = nonce and secrets.compare_digest(str(token.get("nonce", "")), nonce)
    if not is_ours or more.get("sub", token["sub"]) != token["sub"]:
        raise NotAuthenticated(_not_vouched())
    return {**more, **token}


def _outside(claims: dict[str, Any]) -> OutsidePerson:
    groups = claims.get(settings.CONFIGURATION.oidc_groups_claim, [])
    names = [str(name) for name in groups] if isinstance(groups, list) else [str(groups)]
    username = claims.get("preferred_username") or claims.get("email") or claims["sub"]
    return OutsidePerson(
        username=str(username),
        first_name=str(claims.get("given_name", "")),
        last_name=str(claims.get("family_name", "")),
        email=str(claims.get("email", "")),
        groups=short_names(names),
    )


def _refuse(request: HttpRequest, sentence: str) -> HttpResponse:
    origin = Origin(address=client_address(request), credential="openid")
    target, detail = Target("user", "", ""), {"by": "openid"}
    note_refusal(AuditEntry("sign_in", origin, target, detail=detail))
    messages.error(request, sentence)
    is_here = request.user.is_authenticated
    return HttpResponseRedirect(reverse("security:home" if is_here else "admin:login"))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _not_vouched() -> str:
    return str(_("The OpenID provider did not vouch for you; try again, or sign in another way."))
