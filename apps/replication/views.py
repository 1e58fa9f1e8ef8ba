"""Where nginx asks for a manifest that a cache namespace lacks; nginx alone comes here."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from apps.replication.services.on_demand import NotFetched, fetch_missing
from dce_portal.origin import client_address

_PATH: Final = re.compile(r"/v2/(?P<repository>.+)/manifests/(?P<reference>[^/]+)")
# nginx asks the registry once more, which has it now.
AGAIN: Final = {"X-Accel-Redirect": "@pulled"}


@csrf_exempt
@transaction.non_atomic_requests
def fetch_manifest(request: HttpRequest) -> HttpResponse:
    """Fetch it from upstream, then let nginx ask again; the registry has checked the client's token before."""
    path = unquote(request.headers.get("X-Guarded-Path", "").partition("?")[0])
    found = _PATH.fullmatch(path)
    if found is None:
        return _refused(NotFetched("this is no manifest's address", "NAME_INVALID", 404))
    try:
        address = client_address(request)
        fetch_missing(found["repository"], found["reference"], address=address)
    except NotFetched as refusal:
        return _refused(refusal)
    return HttpResponse(headers=AGAIN)


def _refused(refusal: NotFetched) -> JsonResponse:
    body = {"errors": [{"code": refusal.code, "message": refusal.message}]}
    return JsonResponse(body, status=refusal.status)
