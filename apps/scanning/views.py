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

from apps.registry.services.bearer import read_bearer
from apps.scanning.selectors import ALLOWED, Verdict, may_pull

log = structlog.get_logger(__name__)

_PATH: Final = re.compile(r"/v2/(?P<repository>.+)/manifests/(?P<reference>[^/]+)")
# nginx hands the request on to the registry, which asks for the client's token as ever.
ON_TO_THE_REGISTRY: Final = {"X-Accel-Redirect": "@pulled"}


@csrf_exempt
@transaction.non_atomic_requests
def pull_guard(request: HttpRequest) -> HttpResponse:
    """Refuse in the registry's own form, or let the pull go on; what cannot be looked at is refused."""
    path = _plain(request.headers.get("X-Guarded-Path", ""))
    found = _PATH.fullmatch(path)
    if found is None:
        return _refused(404, "NAME_INVALID", "this is no manifest's address")
    authorization = request.headers.get("Authorization", "")
    try:
        verdict = _judged(found["repository"], found["reference"], authorization)
    except Exception:
        log.exception("pull_guard_failed", path=path)
        reason = _("the portal cannot look at this pull right now; try again in a few seconds")
        return _refused(503, "UNAVAILABLE", reason)
    if verdict.is_allowed:
        return HttpResponse(headers=ON_TO_THE_REGISTRY)
    return _refused(403, "DENIED", verdict.reason)


def _judged(repository: str, reference: str, authorization: str) -> Verdict:
    """Who may not pull there hears so from the registry, and nothing of what was found."""
    bearer = read_bearer(authorization)
    if bearer is None or "pull" not in bearer.actions.get(repository, ()):
        return ALLOWED
    return may_pull(repository.partition("/")[0], repository, reference)


def _plain(path: str) -> str:
    """Decoded once, as the registry does it; nothing for a path that it would take for another."""
    plain = unquote(path.partition("?")[0])
    return "" if "/../" in plain or "//" in plain or "/./" in plain else plain


def _refused(status: int, code: str, message: str) -> JsonResponse:
    return JsonResponse({"errors": [{"code": code, "message": message}]}, status=status)
