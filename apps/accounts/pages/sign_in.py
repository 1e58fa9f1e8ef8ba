"""The sign-in page, and the page that asks for the second factor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters

from apps.accounts.models import Passkey, User
from apps.accounts.pages.entering import enter, let_in, safe_page, site_of
from apps.accounts.security import factors, marks
from apps.accounts.sign_in import SignInForm
from dce_portal.errors import PortalError
from dce_portal.origin import Origin, client_address


class SignInPage(LoginView):
    """User name and password; then whatever else the person needs."""

    authentication_form = SignInForm
    template_name = "accounts/sign_in.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """The password was right."""
        person = cast("User", form.get_user())
        next_page = self.get_success_url()
        first = "ldap" if person.source == User.Source.LDAP else "password"
        return enter(self.request, person, first=first, next_page=next_page)


def sign_in(request: HttpRequest, frame: Mapping[str, Any]) -> HttpResponse:
    """What /admin/login/ shows; `frame` is what every page of the admin has."""
    if request.method == "GET" and request.user.is_authenticated:
        return HttpResponseRedirect(safe_page(request, request.GET.get("next", "")))
    openid = settings.CONFIGURATION.oidc_name if settings.CONFIGURATION.oidc_issuer else ""
    context = {
        **frame,
        "title": _("Log in"),
        "app_path": request.get_full_path(),
        "next_page": request.GET.get("next", ""),
        "openid_name": openid,
        "can_have_passkeys": site_of(request).can_have_passkeys,
    }
    return cast("HttpResponse", SignInPage.as_view(extra_context=context)(request))


@sensitive_post_parameters("code")
@csrf_protect
@never_cache
def second_step(request: HttpRequest) -> HttpResponse:
    """Ask for a code or a passkey of who is half-way in."""
    kept = marks.half_way_of(request.session)
    if kept is None:
        return HttpResponseRedirect(reverse("admin:login"))
    half_way, person = kept
    if request.method != "POST":
        return _step_page(request, person, error="")
    origin = Origin(actor=person, address=client_address(request), credential=half_way.first)
    try:
        second = factors.prove_by_code(person, request.POST.get("code", "")[:64], origin=origin)
    except PortalError as error:
        marks.count_try(request.session, half_way)
        return _step_page(request, person, error=error.message)
    return let_in(
        request, person, first=half_way.first, second=second, next_page=half_way.next_page
    )


def _step_page(request: HttpRequest, person: User, *, error: str) -> HttpResponse:
    site = site_of(request)
    has_passkey = (
        site.can_have_passkeys and Passkey.objects.filter(owner=person, host=site.host).exists()
    )
    context = {
        **admin.site.each_context(request),
        "title": _("Second step"),
        "has_app": factors.factors_of(person).app is not None,
        "has_passkey": has_passkey,
        "person": person,
        "error": error,
    }
    return TemplateResponse(
        request, "accounts/second_step.html", context, status=401 if error else 200
    )
