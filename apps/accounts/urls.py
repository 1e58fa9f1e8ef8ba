"""The addresses of signing in and of a person's own security; below /admin/, so that they share its look and policy."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin
from django.http import HttpResponse
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.http import require_POST

from apps.accounts.pages import openid, openid_link, passkeys, security, sign_in


def _own(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    guarded: Callable[..., HttpResponse] = admin.site.admin_view(view)
    return guarded


def _act(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    return _own(require_POST(view))


SECURITY = [
    path("", _own(security.home), name="home"),
    path("password/", _own(security.password), name="password"),
    path("confirm/", _own(security.confirm), name="confirm"),
    path("app/", _own(security.app), name="app"),
    path("app/remove/", _act(security.remove_app), name="remove_app"),
    path("passkeys/ask/", _own(passkeys.ask_for_new), name="ask_for_passkey"),
    path("passkeys/", _own(passkeys.add_passkey), name="add_passkey"),
    path("passkeys/<int:pk>/remove/", _act(security.remove_passkey), name="remove_passkey"),
    path("codes/", _own(security.codes), name="codes"),
    path("codes/renew/", _act(security.renew_codes), name="renew_codes"),
    path("openid/", _own(openid_link.page), name="openid"),
    path("openid/go/", _own(openid_link.go), name="go_to_openid"),
    path("openid/unlink/", _act(openid_link.unlink), name="unlink_openid"),
    path("browsers/end-others/", _act(security.end_others), name="end_others"),
    path("browsers/<int:pk>/end/", _act(security.end_browser), name="end_browser"),
]
SIGN_IN = [
    path("step/", sign_in.second_step, name="step"),
    path("passkey/ask/", passkeys.ask_to_sign_in, name="ask_passkey"),
    path("passkey/", passkeys.sign_in_by_passkey, name="passkey"),
    path("openid/", openid.start, name="openid"),
    path("openid/back/", openid.back, name="openid_back"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/security/", include((SECURITY, "security"))),
    path("admin/sign-in/", include((SIGN_IN, "sign_in"))),
]
