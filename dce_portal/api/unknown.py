"""What the API answers where there is nothing, and where the portal itself failed: the one error shape."""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import get_template
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.defaults import server_error


@csrf_exempt
def no_such_address(request: HttpRequest) -> JsonResponse:
    """Answer 404 for every API address that no view has."""
    hint = "" if request.path.endswith("/") else " " + _("Every address here ends with a slash.")
    message = _("There is no such address in this API; its reference is at /api/v1/docs/.") + hint
    return _error(404, code="not_found", message=message)


def failed(request: HttpRequest) -> HttpResponse:
    """Answer 500, or 503 while the database is away: in the one shape below /api/, as a page elsewhere."""
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        return _without_database(request)
    if not request.path.startswith("/api/"):
        return server_error(request)
    message = _("The portal failed to answer; its log says why. Nothing more can be said here.")
    return _error(500, code="internal", message=message)


def _without_database(request: HttpRequest) -> HttpResponse:
    """Nothing that is rendered here may ask the database: no session, no person, no context processor."""
    if request.path.startswith("/api/"):
        message = _(
            "The database does not answer; try again in a few seconds. Nothing was changed."
        )
        answer: HttpResponse = _error(503, code="unavailable", message=message)
    else:
        answer = HttpResponse(
            get_template("503.html").render(), status=503, headers={"Refresh": "5"}
        )
    answer["Retry-After"] = "5"
    answer["Cache-Control"] = "no-store"
    return answer


def _error(status: int, *, code: str, message: str) -> JsonResponse:
    return JsonResponse({"error": {"code": code, "message": message}}, status=status)
