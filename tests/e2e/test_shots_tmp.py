import pytest
from tests.e2e.test_sign_in import *  # noqa
from tests.e2e.test_sign_in import with_password, add_passkey
from dce_portal.origin import PORTAL
pytestmark = pytest.mark.browser

def shot(page, name, dark=False, width=1400):
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate("d => { document.documentElement.classList.toggle('dark', d) }", dark)
    page.wait_for_timeout(400)
    page.screenshot(path=f"/tmp/signin/{name}.png", full_page=True)

def test_shots(live_server, bob, page, device, sign_in_settings, settings):
    sign_in_settings(oidc_issuer="http://x.example", oidc_client_id="a", oidc_name="Example ID")
    page.goto(f"{live_server.url}/admin/login/"); shot(page, "login"); shot(page, "login-dark-360", True, 360)
    with_password(page, live_server, "bob")
    page.goto(f"{live_server.url}/admin/security/"); shot(page, "home-empty")
    page.goto(f"{live_server.url}/admin/security/app/"); shot(page, "app-dark", True); shot(page, "app-360", False, 360)
    page.goto(f"{live_server.url}/admin/security/password/"); shot(page, "password")
    phone = None
    page.goto(f"{live_server.url}/admin/security/app/")
    phone = Phone(page.locator("[data-copy]").first.get_attribute("data-copy"))
    page.fill("[name=code]", phone.code()); page.click("text=Switch it on"); page.wait_for_selector(".dce-codes")
    shot(page, "codes"); shot(page, "codes-dark-360", True, 360)
    add_passkey(page, live_server, "laptop"); page.wait_for_timeout(1500)
    from apps.accounts.models import BrowserSession
    from django.contrib.sessions.models import Session
    page.goto(f"{live_server.url}/admin/security/"); shot(page, "home-full"); shot(page, "home-full-dark", True); shot(page, "home-360", False, 360)
    page.goto(f"{live_server.url}/admin/security/confirm/"); shot(page, "confirm")
    bob.is_superuser = True; bob.save()
    page.goto(f"{live_server.url}/admin/accounts/user/{bob.pk}/change/"); shot(page, "user")
    page.context.clear_cookies()
    with_password(page, live_server, "bob"); page.wait_for_selector("[name=code]"); shot(page, "step"); shot(page, "step-dark-360", True, 360)
