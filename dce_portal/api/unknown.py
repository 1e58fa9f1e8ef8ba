"""What the API answers where there is nothing, and where the portal itself failed: the one error shape."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
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
    """Answer 500: in the one shape below /api/, as a page elsewhere."""
    if not request.path.startswith("/api/"):
        return server_error(request)
    message = _("The portal failed to answer; its log says why. Nothing more can be said here.")
    return _error(500, code="internal", message=message)


def _error(status: int, *, code: str, message: str) -> JsonResponse:
    return JsonResponse({"error": {"code": code, "message": message}}, status=status)
