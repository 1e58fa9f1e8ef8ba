"""The one way into a session, whoever has checked the first factor."""

from __future__ import annotations

from typing import cast

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from apps.accounts import spraying
from apps.accounts.models import User
from apps.accounts.refusals import note_half_way
from apps.accounts.security import browsers, marks
from apps.accounts.security.policy import has_second_factor
from apps.accounts.security.webauthn import Site
from dce_portal.origin import client_address

BACKEND = "django.contrib.auth.backends.ModelBackend"


def enter(request: HttpRequest, person: User, *, first: str, next_page: str) -> HttpResponse:
    """After the first factor: ask for the second where there is one, else let in."""
    if has_second_factor(person):
        note_half_way(person, address=client_address(request), credential=first)
        marks.keep_half_way(request.session, person, first=first, next_page=next_page)
        return HttpResponseRedirect(reverse("sign_in:step"))
    return let_in(request, person, first=first, second="", next_page=next_page)


def let_in(
    request: HttpRequest, person: User, *, first: str, second: str, next_page: str
) -> HttpResponse:
    """Begin the session under a new key, and go where the person wanted to."""
    begin_session(request, person, first=first, second=second)
    return HttpResponseRedirect(safe_page(request, next_page))


def begin_session(request: HttpRequest, person: User, *, first: str, second: str) -> None:
    """Nothing of what was in the browser's session before is kept."""
    request.session.flush()
    marks.mark(request.session, first=first, second=second)
    login(request, person, backend=BACKEND)
    spraying.remember(person.get_username(), address=client_address(request))
    browsers.note(request)  # at once: what is not noted is not found when somebody is signed out


def safe_page(request: HttpRequest, page: str) -> str:
    """The page, if it is one of this portal; else the first."""
    is_ours = url_has_allowed_host_and_scheme(
        page, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return page if is_ours else reverse("admin:index")


def site_of(request: HttpRequest) -> Site:
    """The address that the browser shows, as passkeys know it."""
    host = request.get_host()
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return Site(host=name.lower(), origin=f"{request.scheme}://{host}".lower())


def person_of(request: HttpRequest) -> User:
    """Who is signed in; the pages ask only where somebody is."""
    return cast("User", request.user)
