"""My security: password, authenticator app, passkeys, recovery codes and the browsers signed in.

What is shown once is not stored by browsers: the admin sends all its pages with `no-store`.
"""

from __future__ import annotations

from collections.abc import Callable

import segno
from django.contrib import admin, messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from apps.accounts.forms.own_password import OwnPasswordForm
from apps.accounts.models import User
from apps.accounts.pages import once, openid_link
from apps.accounts.pages.entering import person_of, safe_page, site_of
from apps.accounts.security import browsers, factors, marks, policy, totp
from apps.accounts.security.passwords import change_password
from apps.accounts.services import verify_password
from dce_portal.errors import InvalidInput, PortalError
from dce_portal.origin import Origin, client_address

ISSUER = "DCE Portal"


def home(request: HttpRequest) -> HttpResponse:
    """Everything at a glance."""
    person = person_of(request)
    has = factors.factors_of(person)
    must = policy.is_required(person)
    return _page(
        request,
        "accounts/security.html",
        title=_("My security"),
        person=person,
        factors=has,
        is_required=must,
        must_set_up=must and not has.is_protected,
        browsers=browsers.browsers_of(person, current_key=request.session.session_key),
        can_have_passkeys=site_of(request).can_have_passkeys,
        **openid_link.facts_for(person),
    )


@sensitive_post_parameters()
def password(request: HttpRequest) -> HttpResponse:
    """Change the password; the other browsers are signed out."""
    person = person_of(request)
    if person.source != User.Source.PORTAL:
        messages.info(request, _("Your password is kept elsewhere; change it there."))
        return _home()
    form = OwnPasswordForm(person, address=client_address(request), data=request.POST or None)
    if request.method != "POST" or not form.is_valid():
        title = _("Change my password")
        return _page(request, "accounts/password.html", title=title, form=form)
    key, new = request.session.session_key, form.cleaned_data["new_password1"]
    ended = change_password(person, new, but_key=key, origin=_origin(request))
    update_session_auth_hash(request, person)
    browsers.moved(request.session, from_key=key)
    text = _("The password is changed. Other browsers that were signed out: %(n)d.")
    messages.success(request, text % {"n": ended})
    return _home()


def app(request: HttpRequest) -> HttpResponse:
    """Set up an authenticator app: its QR code, then a code of it."""
    if not marks.is_fresh(request.session):
        return _confirm()
    person, secret, error = person_of(request), once.new_app_secret(request), ""
    if request.method == "POST":
        try:
            codes = factors.add_app(
                person, secret, request.POST.get("code", "")[:16], origin=Origin.of_request(request)
            )
            return _protected(request, codes)
        except InvalidInput as wrong:
            error = wrong.message
    address = totp.address_for_apps(secret.reveal(), issuer=ISSUER, name=person.get_username())
    return _page(
        request,
        "accounts/app.html",
        title=_("Set up an authenticator app"),
        qr=_qr(address),
        secret=secret.reveal(),
        error=error,
    )


def remove_app(request: HttpRequest) -> HttpResponse:
    """Let the app go."""
    if not marks.is_fresh(request.session):
        return _confirm()
    return _acted(request, lambda: factors.remove_app(person_of(request), origin=_origin(request)))


def remove_passkey(request: HttpRequest, pk: int) -> HttpResponse:
    """Let one go."""
    if not marks.is_fresh(request.session):
        return _confirm()
    person = person_of(request)
    return _acted(request, lambda: factors.remove_passkey(person, pk, origin=_origin(request)))


def renew_codes(request: HttpRequest) -> HttpResponse:
    """New recovery codes in place of the old ones."""
    if not marks.is_fresh(request.session):
        return _confirm()
    try:
        codes = factors.renew_codes(person_of(request), origin=_origin(request))
    except PortalError as error:
        messages.error(request, error.message)
        return _home()
    return HttpResponseRedirect(once.keep_codes(request, codes))


def codes(request: HttpRequest) -> HttpResponse:
    """The new recovery codes, in this one answer."""
    new = once.take_codes(request)
    if not new:
        return _home()
    return _page(request, "accounts/codes.html", title=_("Your recovery codes"), codes=new)


def end_browser(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign one browser out."""
    if browsers.end_browser(person_of(request), pk, origin=_origin(request)):
        messages.success(request, _("That browser is signed out."))
    return _home()


def end_others(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere else."""
    key = request.session.session_key
    ended = browsers.end_browsers(person_of(request), but_key=key, origin=_origin(request))
    messages.success(request, _("Browsers signed out: %(n)d.") % {"n": ended})
    return _home()


@sensitive_post_parameters("proof")
def confirm(request: HttpRequest) -> HttpResponse:
    """Ask who it is once more, before a factor is changed."""
    person, error = person_of(request), ""
    if request.method == "POST":
        try:
            _prove(person, request.POST.get("proof", ""), request)
            marks.refresh(request.session)
            next_page = request.GET.get("next")
            return HttpResponseRedirect(safe_page(request, next_page)) if next_page else _home()
        except PortalError as wrong:
            error = wrong.message
    title = _("Confirm that it is you")
    has_password = person.source != User.Source.OPENID
    return _page(
        request, "accounts/confirm.html", title=title, has_password=has_password, error=error
    )


def _prove(person: User, proof: str, request: HttpRequest) -> None:
    if person.source == User.Source.OPENID:
        factors.prove_by_code(person, proof[:64], origin=_origin(request))
    else:
        verify_password(person.get_username(), proof, address=client_address(request))


def _protected(request: HttpRequest, new_codes: list[str]) -> HttpResponse:
    once.forget_app_secret(request)
    once.protect(request, second="app")
    messages.success(request, _("The authenticator app is set up."))
    return HttpResponseRedirect(once.keep_codes(request, new_codes))


def _acted(request: HttpRequest, act: Callable[[], None]) -> HttpResponse:
    try:
        act()
        messages.success(request, _("It is removed."))
    except PortalError as error:
        messages.error(request, error.message)
    return _home()


def _qr(address: str) -> SafeString:
    """The address as a picture that is drawn here: it holds the secret, and goes to nobody else."""
    picture: str = segno.make_qr(address, error="m").svg_inline(
        border=3, light="#fff", omitsize=True
    )
    return mark_safe(picture)  # noqa: S308 - the library draws squares, and writes none of the text


def _origin(request: HttpRequest) -> Origin:
    return Origin.of_request(request)


def _home() -> HttpResponse:
    return HttpResponseRedirect(reverse("security:home"))


def _confirm() -> HttpResponse:
    return HttpResponseRedirect(reverse("security:confirm"))


def _page(request: HttpRequest, template: str, **context: object) -> TemplateResponse:
    everywhere = admin.site.each_context(request)
    return TemplateResponse(request, template, {**everywhere, **context})
