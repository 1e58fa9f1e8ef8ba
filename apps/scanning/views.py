"""Where nginx asks before a manifest of a guarded namespace is pulled; nginx alone comes here."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

import structlog
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from apps.scanning.selectors import may_pull

log = structlog.get_logger(__name__)

_PATH: Final = re.compile(r"/v2/(?P<repository>.+)/manifests/(?P<reference>[^/]+)")
# nginx hands the request on to the registry, which asks for the client's token as ever.
ON_TO_THE_REGISTRY: Final = {"X-Accel-Redirect": "@pulled"}


@csrf_exempt
@transaction.non_atomic_requests
def pull_guard(request: HttpRequest) -> HttpResponse:
    """Refuse in the registry's own form, or let the pull go on; what cannot be looked at is refused."""
    path = unquote(request.headers.get("X-Guarded-Path", "").partition("?")[0])
    found = _PATH.fullmatch(path)
    if found is None:
        return _refused(404, "NAME_INVALID", "this is no manifest's address")
    repository, reference = found["repository"], found["reference"]
    try:
        verdict = may_pull(repository.partition("/")[0], repository, reference)
    except Exception:
        log.exception("pull_guard_failed", path=path)
        reason = _("the portal cannot look at this pull right now; try again in a few seconds")
        return _refused(503, "UNAVAILABLE", reason)
    if verdict.is_allowed:
        return HttpResponse(headers=ON_TO_THE_REGISTRY)
    return _refused(403, "DENIED", verdict.reason)


def _refused(status: int, code: str, message: str) -> JsonResponse:
    return JsonResponse({"errors": [{"code": code, "message": message}]}, status=status)
