"""How Prometheus signs in to the API: as everybody, or with its token as a Basic password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.exceptions import AuthenticationFailed

from apps.accounts.api.authentication import TokenAuthentication
from apps.accounts.scopes import METRICS_READ
from apps.interop.services.scraping import scraper
from dce_portal.api.permissions import READ_SCOPE, ModelRights
from dce_portal.errors import NotAuthenticated
from dce_portal.origin import client_address

if TYPE_CHECKING:
    from drf_spectacular.openapi import AutoSchema
    from rest_framework.request import Request
    from rest_framework.views import APIView

    from apps.accounts.models import PersonalToken, User


class ScrapeAuthentication(TokenAuthentication):
    """A bearer token, or the same token as the password of Basic authentication."""

    def authenticate(self, request: Request) -> tuple[User, PersonalToken | None] | None:
        """Check the token; None where there is no such header, so that the session is asked."""
        header = request.headers.get("Authorization", "")
        if not header.lower().startswith("basic "):
            return super().authenticate(request)
        try:
            credential = scraper(header, address=client_address(request))
        except NotAuthenticated as error:
            raise AuthenticationFailed(error.message) from error
        return credential.user, credential.token


class MayScrape(ModelRights):
    """The right to view the view's model; a token needs the scope `metrics.read` or `api.read`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Ask for a person, one of both scopes and the right."""
        scopes = getattr(request.auth, "scopes", None)
        is_narrow = scopes is not None and not {METRICS_READ, READ_SCOPE} & set(scopes)
        is_person = bool(request.user and request.user.is_authenticated)
        return is_person and not is_narrow and request.user.has_perm("nodes.view_node")


class ScrapeScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the base registers itself untyped
    """How the OpenAPI document names it."""

    target_class = ScrapeAuthentication
    name = "scrapeToken"
    priority = 1

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """Describe the header."""
        description = str(_("A personal token: `Authorization: Bearer dcep_…`."))
        return {"type": "http", "scheme": "bearer", "description": description}
