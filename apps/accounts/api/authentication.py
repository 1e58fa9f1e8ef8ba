"""How API requests say who they are: a personal token, or the browser's session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed

from apps.accounts.services import verify_bearer
from dce_portal.errors import NotAuthenticated
from dce_portal.origin import client_address

if TYPE_CHECKING:
    from drf_spectacular.openapi import AutoSchema
    from rest_framework.request import Request

    from apps.accounts.models import PersonalToken, User

CHALLENGE = 'Bearer realm="dce-portal"'


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer dcep_…`; `request.auth` is then the token, whose scopes the permissions read."""

    def authenticate(self, request: Request) -> tuple[User, PersonalToken | None] | None:
        """Check the token; None where there is no such header, so that the session is asked."""
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            credential = verify_bearer(secret.strip(), address=client_address(request))
        except NotAuthenticated as error:
            raise AuthenticationFailed(error.message) from error
        return credential.user, credential.token

    def authenticate_header(self, request: Request) -> str:
        """Say how to sign in."""
        return CHALLENGE


class SessionAuthentication(authentication.SessionAuthentication):
    """The session of the admin's pages, with its CSRF check."""


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the base registers itself untyped
    """How the OpenAPI document names the token."""

    target_class = TokenAuthentication
    match_subclasses = True
    name = "personalToken"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """Describe the header."""
        description = str(_("A personal token: `Authorization: Bearer dcep_…`."))
        return {"type": "http", "scheme": "bearer", "description": description}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the base registers itself untyped
    """How the OpenAPI document names the session."""

    target_class = SessionAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """Describe the cookie."""
        return {"type": "apiKey", "in": "cookie", "name": "dce_session"}
