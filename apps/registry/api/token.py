"""`/auth/token`: gives docker clients the tokens that the registry asks for.

GET is Docker's token specification, POST its OAuth2 twin; clients use either, and change
between them. Answers and errors have the registry's form, since clients print what is in it.
"""

from __future__ import annotations

from typing import Any

import structlog
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.registry.api.basic import read_basic
from apps.registry.scopes import parse_scopes
from apps.registry.services.tokens import TokenAnswer, TokenRequest, issue_token
from dce_portal.bodies import read_body
from dce_portal.errors import InvalidInput, NotAuthenticated, PortalError
from dce_portal.origin import client_address

log = structlog.get_logger(__name__)

FORM_LIMIT_BYTES = 64 * 1024
LONGEST_QUERY = 32 * 1024
MOST_FIELDS = 200
CODES_BY_STATUS = {
    401: "UNAUTHORIZED",
    403: "DENIED",
    405: "UNSUPPORTED",
    413: "SIZE_INVALID",
    429: "TOOMANYREQUESTS",
    503: "UNAVAILABLE",
}
CHALLENGE = 'Basic realm="dce-portal", charset="UTF-8"'


class RegistryTokenView(APIView):
    """The realm of the registry's challenge."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    renderer_classes = (JSONRenderer,)
    http_method_names = ("get", "post")
    schema = None

    def get(self, request: Request) -> Response:
        """Credentials as Basic, or none; everything else as query parameters."""
        plain = request._request
        _check_query(plain.META.get("QUERY_STRING", ""))
        answer = issue_token(_request_of_query(plain))
        return Response(_body(answer), headers=_no_store())

    def post(self, request: Request) -> Response:
        """Everything as form fields."""
        plain = request._request
        answer = issue_token(_request_of_form(plain, _form(plain)))
        body = {**_body(answer), "scope": _granted_scope(answer)}
        return Response(body, headers=_no_store())

    def handle_exception(self, exc: Exception) -> Response:
        """Answer in the registry's form; what nobody foresaw goes on to Django."""
        if isinstance(exc, PortalError):
            return _error(exc.status, exc.message)
        response = super().handle_exception(exc)
        return _error(response.status_code, _("this address takes GET and POST only"))


def _check_query(query: str) -> None:
    if len(query) > LONGEST_QUERY or query.count("&") >= MOST_FIELDS:
        raise InvalidInput(_("the query is too long"))


def _request_of_query(request: HttpRequest) -> TokenRequest:
    basic = read_basic(request.headers.get("Authorization"))
    query = request.GET
    return TokenRequest(
        service=query.get("service", ""),
        scopes=parse_scopes(query.getlist("scope")),
        username=basic.username if basic else None,
        secret=basic.secret if basic else "",
        client_id=_printable(query.get("client_id", "")),
        wants_login=query.get("offline_token", "").lower() in ("true", "1"),
        address=client_address(request),
    )


def _request_of_form(request: HttpRequest, form: QueryDict) -> TokenRequest:
    by_password = _grant_type(form) == "password"
    return TokenRequest(
        service=form.get("service", ""),
        scopes=parse_scopes(form.getlist("scope")),
        username=_required(form, "username") if by_password else None,
        secret=form.get("password", "") if by_password else "",
        refresh_token="" if by_password else _required(form, "refresh_token"),
        client_id=_printable(form.get("client_id", "")),
        wants_login=form.get("access_type") == "offline",
        address=client_address(request),
    )


def _form(request: HttpRequest) -> QueryDict:
    """The form of a POST, also where it came in chunks."""
    body = read_body(request, limit_bytes=FORM_LIMIT_BYTES)
    if body.count(b"&") >= MOST_FIELDS:
        raise InvalidInput(_("the form has too many fields"))
    try:
        return QueryDict(body.decode("ascii"), encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(_("the form is not URL-encoded")) from error


def _grant_type(form: QueryDict) -> str:
    grant_type: str = form.get("grant_type", "")
    if grant_type not in ("password", "refresh_token"):
        raise InvalidInput(
            _("grant_type must be password or refresh_token"),
            field="grant_type",
        )
    return grant_type


def _required(form: QueryDict, name: str) -> str:
    value: str = form.get(name, "")
    if not value:
        raise NotAuthenticated(_("%(name)s is missing") % {"name": name})
    return value


def _printable(text: str) -> str:
    """A client's name as it may be stored and shown."""
    return "".join(character for character in text[:64] if character.isprintable())


def _body(answer: TokenAnswer) -> dict[str, Any]:
    """Both names of the token: the two specifications differ, and clients insist on theirs."""
    body: dict[str, Any] = {
        "token": answer.token.text,
        "access_token": answer.token.text,
        "expires_in": answer.token.life_s,
        "issued_at": answer.token.issued_at.isoformat().replace("+00:00", "Z"),
    }
    if answer.refresh_token is not None:
        body["refresh_token"] = answer.refresh_token
    return body


def _granted_scope(answer: TokenAnswer) -> str:
    return " ".join(f"{item.type}:{item.name}:{','.join(item.actions)}" for item in answer.access)


def _error(status: int, message: str) -> Response:
    code = CODES_BY_STATUS.get(status, "INVALID_REQUEST")
    headers = {"WWW-Authenticate": CHALLENGE} if status == 401 else {}
    body = {"errors": [{"code": code, "message": message, "detail": None}]}
    return Response(body, status=status, headers={**headers, **_no_store()})


def _no_store() -> dict[str, str]:
    return {"Cache-Control": "no-store"}
