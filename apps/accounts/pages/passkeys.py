"""What the browser's script asks while somebody makes a passkey or signs in by one: JSON in, JSON out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_POST

from apps.accounts.models import Passkey, User
from apps.accounts.pages.entering import begin_session, person_of, safe_page, site_of
from apps.accounts.pages.once import keep_codes, protect
from apps.accounts.security import factors, marks, webauthn
from dce_portal.errors import InvalidInput, NotAuthenticated, PortalError
from dce_portal.origin import Origin, client_address
from dce_portal.storable import storable_text

ASKED = "dce_passkey"
MAKE, PROVE = "make", "prove"
ANSWER_WITHIN_S = 300.0
LARGEST_ANSWER = 64 * 1024
LONGEST_NAME = 64

View = Callable[[HttpRequest], HttpResponse]


def answers_json(view: View) -> View:
    """Take a POST of a page of ours, and say our errors as JSON."""

    @wraps(view)
    def answered(request: HttpRequest) -> HttpResponse:
        try:
            return view(request)
        except PortalError as error:
            return JsonResponse({"error": error.message}, status=error.status)

    return require_POST(csrf_protect(never_cache(answered)))


@answers_json
def ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    """What the browser shall sign: by a key of who is half-way in, or by any that knows its holder."""
    site = site_of(request)
    kept = marks.half_way_of(request.session)
    known = None
    if kept is not None:
        keys = Passkey.objects.filter(owner=kept[1], host=site.host)
        known = list(keys.values_list("public_data", flat=True))
    options, state = webauthn.ask_for_proof(site, known)
    if not request.user.is_authenticated:
        request.session.set_expiry(int(ANSWER_WITHIN_S))  # whoever looks in leaves nothing behind
    _remember(request, state, to=PROVE, owner=kept[1] if kept is not None else None)
    return JsonResponse(options)


@answers_json
def sign_in_by_passkey(request: HttpRequest) -> HttpResponse:
    """Check what was signed, and let in."""
    body, asked = _body(request), _asked(request, to=PROVE)
    kept = marks.half_way_of(request.session)
    if asked["owner"] != (kept[1].pk if kept is not None else None):
        # What was asked as a second step is no whole sign-in: the key may not know its holder.
        raise _too_late()
    passkey = _proven(request, body, asked)
    if kept is None:
        first, next_page = "passkey", str(body.get("next") or "")
    else:
        first, next_page = kept[0].first, kept[0].next_page
    begin_session(request, passkey.owner, first=first, second="passkey")
    return JsonResponse({"next": safe_page(request, next_page)})


@answers_json
def ask_for_new(request: HttpRequest) -> HttpResponse:
    """What the browser shall make."""
    person, site = person_of(request), site_of(request)
    if not marks.is_fresh(request.session):
        return JsonResponse({"next": reverse("security:confirm")})
    if not site.can_have_passkeys:
        raise InvalidInput(_("Browsers make passkeys over HTTPS and for a host name only."))
    keys = Passkey.objects.filter(owner=person, host=site.host)
    known = list(keys.values_list("public_data", flat=True))
    options, state = webauthn.ask_for_new(
        site, user_id=person.pk, username=person.get_username(), known=known
    )
    _remember(request, state, to=MAKE, owner=person)
    return JsonResponse(options)


@answers_json
def add_passkey(request: HttpRequest) -> HttpResponse:
    """Keep what the browser has made."""
    person, site, body = person_of(request), site_of(request), _body(request)
    if not marks.is_fresh(request.session):
        return JsonResponse({"next": reverse("security:confirm")})
    asked = _asked(request, to=MAKE)
    if asked["owner"] != person.pk:
        raise _too_late()
    key = webauthn.read_new(site, asked["state"], _answer(body))
    codes = factors.add_passkey(
        person, key, name=_name_in(body), host=site.host, origin=Origin.of_request(request)
    )
    protect(request, second="passkey")
    return JsonResponse({"next": keep_codes(request, codes)})


def _proven(request: HttpRequest, body: Mapping[str, Any], asked: Mapping[str, Any]) -> Passkey:
    """The passkey that has signed; it must be of who is half-way in, and of somebody active."""
    answer, site = _answer(body), site_of(request)
    rows = Passkey.objects.select_related("owner").filter(host=site.host, owner__is_active=True)
    passkey = rows.filter(credential_id=webauthn.credential_of(answer)).first()
    if passkey is None or asked["owner"] not in (None, passkey.owner_id):
        raise NotAuthenticated(_("This passkey is not known here; sign in by another way."))
    origin = Origin(actor=passkey.owner, address=client_address(request), credential="passkey")
    with factors.refusals_noted(passkey, origin=origin):
        proof = webauthn.read_proof(site, asked["state"], answer, public_data=passkey.public_data)
        factors.prove_by_passkey(passkey, proof)
    return passkey


def _remember(
    request: HttpRequest, state: Mapping[str, Any], *, to: str, owner: User | None
) -> None:
    asked_of = owner.pk if owner is not None else None
    request.session[ASKED] = {"state": state, "at": time.time(), "to": to, "owner": asked_of}


def _asked(request: HttpRequest, *, to: str) -> Mapping[str, Any]:
    """What the browser was asked last, once, to do this, and of whom."""
    kept: Mapping[str, Any] | None = request.session.pop(ASKED, None)
    # Anybody may be asked to prove a passkey: that question makes none.
    if kept is None or kept.get("to") != to or time.time() - kept["at"] > ANSWER_WITHIN_S:
        raise _too_late()
    return kept


def _too_late() -> InvalidInput:
    return InvalidInput(_("That took too long; try once more."))


def _name_in(body: Mapping[str, Any]) -> str:
    name = storable_text(str(body.get("name", ""))).strip()[:LONGEST_NAME]
    return name or str(_("Passkey"))


def _body(request: HttpRequest) -> Mapping[str, Any]:
    try:
        body = orjson.loads(request.body) if len(request.body) <= LARGEST_ANSWER else None
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise InvalidInput(_("The browser's answer does not fit; try once more."))
    return body


def _answer(body: Mapping[str, Any]) -> Mapping[str, Any]:
    answer = body.get("answer")
    if not isinstance(answer, dict):
        raise InvalidInput(_("The browser's answer does not fit; try once more."))
    return answer
