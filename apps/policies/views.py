"""The guard: where nginx asks before a manifest is put or deleted."""

from __future__ import annotations

import structlog
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from apps.policies.services.guarding import NEEDED, Asked, Refusal, look_at
from dce_portal.bodies import BodyTooLarge, read_body
from dce_portal.origin import client_address

log = structlog.get_logger(__name__)

MANIFEST_LIMIT_BYTES = 4 * 1024 * 1024
# nginx hands the request on to the registry, body and all, when it reads this.
ON_TO_THE_REGISTRY = {"X-Accel-Redirect": "@guarded"}


@csrf_exempt
@transaction.non_atomic_requests
def registry_guard(request: HttpRequest) -> HttpResponse:
    """Refuse in the registry's own form, or let the request go on; nginx alone comes here."""
    if request.method not in NEEDED:
        return _told(Refusal("there is nothing to guard", "UNSUPPORTED", 405))
    try:
        refusal = look_at(_asked(request))
    except BodyTooLarge as error:
        refusal = Refusal(error.message, "MANIFEST_INVALID", 413)
    except Exception:
        log.exception("guard_failed", path=request.headers.get("X-Guarded-Path", ""))
        refusal = _failed()
    return HttpResponse(headers=ON_TO_THE_REGISTRY) if refusal is None else _told(refusal)


def _asked(request: HttpRequest) -> Asked:
    return Asked(
        method=request.method or "",
        path=request.headers.get("X-Guarded-Path", ""),
        authorization=request.headers.get("Authorization", ""),
        media_type=request.headers.get("Content-Type", ""),
        body=read_body(request, limit_bytes=MANIFEST_LIMIT_BYTES),
        address=client_address(request),
    )


def _failed() -> Refusal | None:
    """As the settings want it: closed refuses what could not be looked at, open lets it through."""
    if settings.CONFIGURATION.guard_fails == "open":
        return None
    message = "the portal cannot look at this push right now, so nothing was changed; try again"
    return Refusal(message, "UNAVAILABLE", 503)


def _told(refusal: Refusal) -> JsonResponse:
    body = {"errors": [{"code": refusal.code, "message": refusal.message}]}
    headers = {"Retry-After": "3"} if refusal.status == 503 else {}
    return JsonResponse(body, status=refusal.status, headers=headers)
