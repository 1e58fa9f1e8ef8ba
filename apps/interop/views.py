"""The address that Prometheus scrapes."""

from __future__ import annotations

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.interop.rules.exposition import OPENMETRICS_TYPE, TEXT_TYPE, wants_openmetrics
from apps.interop.services.exposition import exposition
from apps.interop.services.scraping import metrics_reader
from dce_portal.errors import PortalError
from dce_portal.origin import client_address

CHALLENGE = 'Bearer realm="dce-portal", Basic realm="dce-portal"'
PLAIN = "text/plain; charset=utf-8"


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Everything that the token's owner may see; a refusal is one sentence."""
    try:
        header = request.headers.get("Authorization", "")
        reader = metrics_reader(header, address=client_address(request))
        is_openmetrics = wants_openmetrics(request.headers.get("Accept", ""))
        body = exposition(reader.user, is_openmetrics=is_openmetrics)
    except PortalError as error:
        return _refusal(error)
    except DatabaseError:
        message = _("The database does not answer; scrape again in a few seconds.")
        return HttpResponse(message, status=503, content_type=PLAIN, headers={"Retry-After": "5"})
    kind = OPENMETRICS_TYPE if is_openmetrics else TEXT_TYPE
    return HttpResponse(body, content_type=kind, headers={"Vary": "Accept, Authorization"})


def _refusal(error: PortalError) -> HttpResponse:
    headers = {"WWW-Authenticate": CHALLENGE} if error.status == 401 else {}
    return HttpResponse(error.message, status=error.status, content_type=PLAIN, headers=headers)
