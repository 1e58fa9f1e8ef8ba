"""`/auth/token`: gives docker clients the tokens that the registry asks for.

GET is Docker's token specification, POST its OAuth2 twin; clients use either, and change
between them. Answers and errors have the registry's form, since clients print what is in it.
"""

from __future__ import annotations

from typing import Any

import orjson
import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

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


@csrf_exempt
def registry_token(request: HttpRequest) -> HttpResponse:
    """The realm of the registry's challenge."""
    try:
        return _answer(request)
    except PortalError as error:
        return _error(error.status, error.message)
    except (OperationalError, InterfaceError) as error:
        log.warning("registry_token_without_database", error=str(error))
        return _error(503, _("the portal's database does not answer; try again in a few seconds"))


def _answer(request: HttpRequest) -> HttpResponse:
    """GET has credentials as Basic, or none, and all else in the query; POST has all in its form."""
    if request.method == "GET":
        _check_query(request.META.get("QUERY_STRING", ""))
        return _json(_body(issue_token(_request_of_query(request))))
    if request.method == "POST":
        answer = issue_token(_request_of_form(request, _form(request)))
        return _json({**_body(answer), "scope": _granted_scope(answer)})
    return _error(405, _("this address takes GET and POST only"), Allow="GET, POST")


def _check_query(query: str) -> None:
    if len(query) > LONGEST_QUERY or query.count("&") >= MOST_FIELDS:
        raise InvalidInput(_("the query is too long"))


def _request_of_query(request: HttpRequest) -> TokenRequest:
    basic = read_basic(request.META.get("HTTP_AUTHORIZATION"))
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


def _error(status: int, message: str, **headers: str) -> HttpResponse:
    code = CODES_BY_STATUS.get(status, "INVALID_REQUEST")
    if status == 401:
        headers["WWW-Authenticate"] = CHALLENGE
    body = {"errors": [{"code": code, "message": message, "detail": None}]}
    return _json(body, status=status, **headers)


def _json(body: dict[str, Any], *, status: int = 200, **headers: str) -> HttpResponse:
    return HttpResponse(
        orjson.dumps(body),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store", **headers},
    )
