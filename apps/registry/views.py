"""Where the registry itself calls: its notifications, and the keys that it may trust."""

from __future__ import annotations

import secrets
from functools import cache

import structlog
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

from apps.registry.key_files import own_key_files
from apps.registry.services.inbox import take_delivery
from apps.registry.signing import key_set
from apps.registry.tasks import apply_events
from dce_portal import secret_files
from dce_portal.bodies import BodyTooLarge, read_body

log = structlog.get_logger(__name__)

DELIVERY_LIMIT_BYTES = 8 * 1024 * 1024


@csrf_exempt
@require_POST
@transaction.non_atomic_requests
def registry_events(request: HttpRequest) -> HttpResponse:
    """Store a delivery and answer at once, whatever is in it: a refusal would block all later ones."""
    if not _is_the_registry(request):
        return JsonResponse({"error": "This address is for the registry alone."}, status=401)
    try:
        stored = take_delivery(read_body(request, limit_bytes=DELIVERY_LIMIT_BYTES))
    except BodyTooLarge as error:
        log.warning("registry_delivery_dropped", reason=error.message)
        return HttpResponse(status=202)
    if stored:
        _apply_soon()
    return HttpResponse(status=202)


@require_safe
def registry_key_set(request: HttpRequest) -> HttpResponse:
    """Every key whose tokens are good; public, as keys of this kind are."""
    answer = JsonResponse(key_set(own_key_files().bundle.read_bytes()))
    answer["Cache-Control"] = "public, max-age=60"
    return answer


def _is_the_registry(request: HttpRequest) -> bool:
    sent = request.headers.get("Authorization", "").encode(errors="replace")
    return secrets.compare_digest(sent, b"Bearer " + _event_key())


@cache
def _event_key() -> bytes:
    return secret_files.read_secret(settings.PATHS.secrets, secret_files.EVENT_KEY).encode()


def _apply_soon() -> None:
    """Without the broker, beat's next tick applies the events."""
    try:
        apply_events.apply_async(expires=10, retry=False)
    except OperationalError as error:
        log.warning("registry_events_wait_for_beat", error=str(error))
