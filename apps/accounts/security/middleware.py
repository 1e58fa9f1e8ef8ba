"""Looks behind browsers' sessions: one without the second factor that its person has is nobody's, and whoever
must have one is led to the page that sets it up."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.security import browsers, policy

log = structlog.get_logger(__name__)

# Programs that ask with a browser's session are told in words rather than led to a page.
FOR_PROGRAMS = ("/api/", "/sse/")


class SecondFactorMiddleware:
    """Looks at browsers' sessions alone: who brings a token has no session, and passes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer in place of the page where the page is not to be had."""
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            answer = _answer_instead(request, request.user)
            if answer is not None:
                return answer
        return self.get_response(request)


def _answer_instead(request: HttpRequest, person: User) -> HttpResponse | None:
    if not policy.is_whole(request.session, person):
        request.user = AnonymousUser()
        return None
    _note(request)
    if not policy.must_set_up(request.session, person):
        return None
    return None if _is_open(request.path) else _lead_to_set_up(request)


def _note(request: HttpRequest) -> None:
    """A list that is a minute behind is better than a page that is not shown."""
    try:
        browsers.note(request)
    except OperationalError as error:
        log.warning("browser_not_noted", error=str(error))


def _is_open(path: str) -> bool:
    """Where somebody without a second factor may go: to the pages that make one, and away."""
    exact = (reverse("admin:logout"), reverse("set_language"), reverse("admin:jsi18n"))
    return path in exact or path.startswith((reverse("security:home"), settings.STATIC_URL))


def _lead_to_set_up(request: HttpRequest) -> HttpResponse:
    if request.path.startswith(FOR_PROGRAMS):
        message = _("A second factor is required of you; set one up under My security first.")
        error = {"code": "second_factor_required", "message": message}
        return JsonResponse({"error": error}, status=403)
    return HttpResponseRedirect(reverse("security:home"))
