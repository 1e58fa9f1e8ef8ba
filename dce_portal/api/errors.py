"""One error shape for the whole API, and one place that maps our errors to it.

`{"error": {"code": "conflict", "message": "…", "fields": {"name": ["…"]}}}`; `fields` only
where input was wrong.
"""

from __future__ import annotations

from typing import Any

import structlog
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from dce_portal.errors import PortalError

log = structlog.get_logger(__name__)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn an exception of a view into a response; None leaves it to Django as a 500."""
    set_rollback()
    if isinstance(error, PortalError):
        fields = {error.field: [error.message]} if error.field else None
        return error_response(error.status, code=error.code, message=error.message, fields=fields)
    error = _as_api_exception(error)
    if not isinstance(error, exceptions.APIException):
        return None
    return _of_api_exception(error)


def error_response(
    status: int,
    *,
    code: str,
    message: str,
    fields: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """Write the one shape."""
    body: dict[str, Any] = {"code": code, "message": message}
    if fields:
        body["fields"] = fields
    return Response({"error": body}, status=status, headers=headers)


def _as_api_exception(error: Exception) -> Exception:
    if isinstance(error, Http404):
        return exceptions.NotFound()
    return exceptions.PermissionDenied() if isinstance(error, DjangoPermissionDenied) else error


def _of_api_exception(error: exceptions.APIException) -> Response:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if (wait_s := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait_s))
    if isinstance(error, exceptions.ValidationError):
        fields = (
            error.detail if isinstance(error.detail, dict) else {"non_field_errors": error.detail}
        )
        message = _first_sentence(fields)
        return error_response(400, code="invalid", message=message, fields=fields, headers=headers)
    code = str(getattr(error.detail, "code", error.default_code))
    return error_response(error.status_code, code=code, message=str(error.detail), headers=headers)


def _first_sentence(fields: dict[str, Any]) -> str:
    """The first message, with the field's name in front."""
    name, value = next(iter(fields.items()))
    while isinstance(value, (list, dict)) and value:
        value = value[0] if isinstance(value, list) else next(iter(value.values()))
    return f"{name}: {value}"
