"""Linking one's own account with an OpenID identity, and unlinking it; the way back is that of signing in."""

from __future__ import annotations

import secrets
import time
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.pages import openid
from apps.accounts.pages.entering import person_of
from apps.accounts.security import linked, marks
from dce_portal.errors import PortalError
from dce_portal.origin import Origin

TICKET = "dce_openid_link"
TICKET_S = 600.0


def page(request: HttpRequest) -> HttpResponse:
    """What linking means, and the way to the provider.

    A form may not lead out of the portal, so it is an address; the ticket in it is in no other page, so
    that no other site can send somebody on this way.
    """
    if settings.CONFIGURATION.oidc_issuer is None:
        raise Http404
    if not marks.is_fresh(request.session):
        return _confirm()
    try:
        linked.refuse_unlinkable(person_of(request))
    except PortalError as error:
        messages.error(request, error.message)
        return _home()
    ticket = secrets.token_urlsafe(24)
    request.session[TICKET] = [ticket, time.time()]
    context = {
        **admin.site.each_context(request),
        "title": _("Link an identity"),
        "name": settings.CONFIGURATION.oidc_name,
        "ticket": ticket,
        "is_enough": settings.CONFIGURATION.oidc_is_enough,
    }
    return TemplateResponse(request, "accounts/link_openid.html", context)


def go(request: HttpRequest) -> HttpResponse:
    """To the provider, with the ticket of the page before, once."""
    if not (_take_ticket(request) and marks.is_fresh(request.session)):
        return _confirm()
    return openid.begin(request, link=person_of(request).pk)


def unlink(request: HttpRequest) -> HttpResponse:
    """Let the identity go."""
    if not marks.is_fresh(request.session):
        return _confirm()
    try:
        key, origin = request.session.session_key, Origin.of_request(request)
        linked.unlink(person_of(request), current_key=key, origin=origin)
        messages.success(request, _("It is unlinked."))
    except PortalError as error:
        messages.error(request, error.message)
    return _home()


def facts_for(person: User) -> dict[str, Any]:
    """What the page of one's security shows of it."""
    configuration = settings.CONFIGURATION
    return {
        "openid_name": configuration.oidc_name if configuration.oidc_issuer else "",
        "openid_identity": linked.identity_of(person) if configuration.oidc_issuer else None,
        "may_unlink_openid": person.source == User.Source.PORTAL,
        "may_link_openid": person.source == User.Source.PORTAL and not person.is_superuser,
    }


def _take_ticket(request: HttpRequest) -> bool:
    kept, at = request.session.pop(TICKET, None) or ("", 0.0)
    is_same = bool(kept) and constant_time_compare(kept, request.GET.get("ticket", ""))
    return is_same and time.time() - at < TICKET_S


def _confirm() -> HttpResponse:
    here = reverse("security:openid")
    return HttpResponseRedirect(f"{reverse('security:confirm')}?next={here}")


def _home() -> HttpResponse:
    return HttpResponseRedirect(reverse("security:home"))
