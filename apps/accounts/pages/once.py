"""What is handed from one page to the next and shown once; sealed while it waits in the session."""

from __future__ import annotations

import orjson
from django.http import HttpRequest
from django.urls import reverse

from apps.accounts.pages.entering import person_of
from apps.accounts.security import browsers, marks, totp
from dce_portal import sealing
from dce_portal.origin import Origin
from dce_portal.secret import Secret

CODES, NEW_APP = "dce_codes", "dce_new_app"


def keep_codes(request: HttpRequest, codes: list[str]) -> str:
    """Keep new recovery codes for the next page; the address to go to."""
    if not codes:
        return reverse("security:home")
    request.session[CODES] = sealing.seal(Secret(orjson.dumps(codes).decode()))
    return reverse("security:codes")


def take_codes(request: HttpRequest) -> list[str]:
    """The codes, this once."""
    secret = sealing.unseal(request.session.pop(CODES, ""))
    codes: list[str] = orjson.loads(secret.reveal()) if secret else []
    return codes


def new_app_secret(request: HttpRequest) -> Secret:
    """The secret of the app that is being set up; the same until it is confirmed."""
    secret = sealing.unseal(request.session.get(NEW_APP, ""))
    if secret is None:
        secret = Secret(totp.new_secret())
        request.session[NEW_APP] = sealing.seal(secret)
    return secret


def forget_app_secret(request: HttpRequest) -> None:
    """Once it is kept in its own row."""
    request.session.pop(NEW_APP, None)


def protect(request: HttpRequest, *, second: str) -> None:
    """From now on this session has shown a second factor; those begun without one end."""
    marks.mark(request.session, first=marks.first_of(request.session), second=second)
    old_key = request.session.session_key
    request.session.cycle_key()
    browsers.moved(request.session, from_key=old_key)
    browsers.end_browsers(
        person_of(request),
        but_key=request.session.session_key,
        origin=Origin.of_request(request),
    )
