"""Cookies that were set over TLS stay on TLS, whatever DCE_PUBLIC_URL says."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("is_secure", [True, False])
def test_the_form_keys_cookie(client: Client, is_secure: bool) -> None:
    client.get("/admin/login/", secure=is_secure)
    assert bool(client.cookies["dce_csrf"]["secure"]) is is_secure


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_the_sessions_cookie_behind_the_front(client: Client, alice: User, scheme: str) -> None:
    """nginx says in a header which listener it was."""
    alice.set_password("correct-horse-battery")
    alice.save()
    form = {"username": "alice", "password": "correct-horse-battery"}
    client.post("/admin/login/", form, headers={"X-Forwarded-Proto": scheme})
    assert bool(client.cookies["dce_session"]["secure"]) is (scheme == "https")


def test_a_form_is_taken_over_tls_on_any_port(alice: User) -> None:
    """The form's origin is compared with the address that the browser used."""
    browser = Client(enforce_csrf_checks=True)
    site = {"host": "portal.example.org:8443", "X-Forwarded-Proto": "https"}
    browser.get("/admin/login/", headers=site)
    form = {"username": "alice", "password": "wrong"}
    form["csrfmiddlewaretoken"] = browser.cookies["dce_csrf"].value
    own = {**site, "Origin": "https://portal.example.org:8443"}
    assert browser.post("/admin/login/", form, headers=own).status_code == 200
    strange = {**site, "Origin": "https://portal.example.org"}
    assert browser.post("/admin/login/", form, headers=strange).status_code == 403
