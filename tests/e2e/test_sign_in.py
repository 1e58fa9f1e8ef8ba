"""Second factors in a real browser: an app's codes, and passkeys by Chromium's own virtual authenticator."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from apps.accounts.models import Passkey
from tests.factories.accounts import PASSWORD
from tests.plugins.sign_in import Phone

pytestmark = pytest.mark.browser

REFUSED = "the server responded with a status of 401"


@pytest.fixture(scope="session", autouse=True)
def _database_first(django_db_setup):
    """The database is there before the server that reads it."""


@dataclass
class Device:
    """A security key that Chromium plays, with a finger on it or without."""

    session: object
    id: str

    def keys(self) -> list[dict]:
        """What it holds."""
        answer = self.session.send("WebAuthn.getCredentials", {"authenticatorId": self.id})
        return answer["credentials"]

    def copy_back(self) -> None:
        """Make the counter of its keys begin anew, as a copied key's would."""
        for key in self.keys():
            named = {"authenticatorId": self.id, "credentialId": key["credentialId"]}
            self.session.send("WebAuthn.removeCredential", named)
            self.session.send(
                "WebAuthn.addCredential",
                {"authenticatorId": self.id, "credential": {**key, "signCount": 0}},
            )


@pytest.fixture
def page(chromium_page):
    """A page; whatever its console complains of, refusals apart, fails the test."""
    complaints: list[str] = []
    chromium_page.set_default_timeout(30_000)
    chromium_page.on("pageerror", lambda error: complaints.append(str(error)))
    chromium_page.on(
        "console",
        lambda message: (
            complaints.append(message.text)
            if message.type == "error" and REFUSED not in message.text
            else None
        ),
    )
    yield chromium_page
    assert complaints == []


@pytest.fixture
def device(page) -> Device:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return Device(session, made["authenticatorId"])


def with_password(page, live_server, username: str) -> None:
    page.goto(f"{live_server.url}/admin/login/")
    page.fill("[name=username]", username)
    page.fill("[name=password]", PASSWORD)
    page.click("#login-form [type=submit]")


def sign_out(page) -> None:
    page.context.clear_cookies()


def add_passkey(page, live_server, name: str) -> None:
    page.goto(f"{live_server.url}/admin/security/")
    page.fill("[data-name]", name)
    page.click("[data-do=create] [data-start]")


def test_alice_sets_up_an_app_and_signs_in_with_its_code(live_server, alice, page):
    with_password(page, live_server, "alice")
    page.wait_for_url(f"{live_server.url}/admin/")
    page.goto(f"{live_server.url}/admin/security/app/")
    expect(page.locator(".dce-qr svg")).to_be_visible()
    phone = Phone(page.locator("[data-copy]").first.get_attribute("data-copy"))
    page.fill("[name=code]", phone.code())
    page.click("text=Switch it on")
    expect(page.locator(".dce-codes code")).to_have_count(10)
    page.click("text=I have kept them")
    expect(page.locator("text=Protected:")).to_be_visible()
    sign_out(page)
    with_password(page, live_server, "alice")
    page.fill("[name=code]", "000000")
    page.click("text=Go on")
    expect(page.locator("[role=alert]").first).to_contain_text("does not fit")
    page.fill("[name=code]", phone.code())
    page.click("text=Go on")
    page.wait_for_url(f"{live_server.url}/admin/")


def test_bob_makes_a_passkey_and_signs_in_with_and_without_his_password(
    live_server, bob, page, device
):
    with_password(page, live_server, "bob")
    page.wait_for_url(f"{live_server.url}/admin/")
    add_passkey(page, live_server, "laptop")
    expect(page.locator(".dce-codes code")).to_have_count(10)
    assert len(device.keys()) == 1
    key = Passkey.objects.get(owner=bob)
    assert (key.name, key.host) == ("laptop", "localhost")
    sign_out(page)
    with_password(page, live_server, "bob")
    page.click("text=Use my passkey")
    page.wait_for_url(f"{live_server.url}/admin/")
    sign_out(page)
    page.goto(f"{live_server.url}/admin/login/?next=/admin/security/")
    page.click("text=Sign in with a passkey")
    page.wait_for_url(f"{live_server.url}/admin/security/")
    expect(page.locator("text=laptop")).to_be_visible()
    key.refresh_from_db()
    assert key.sign_count >= 2


def test_a_copied_key_and_an_unknown_one_are_refused(live_server, bob, alice, page, device):
    with_password(page, live_server, "bob")
    page.wait_for_url(f"{live_server.url}/admin/")
    add_passkey(page, live_server, "laptop")
    expect(page.locator(".dce-codes code")).to_have_count(10)
    Passkey.objects.filter(owner=bob).update(sign_count=1000)
    device.copy_back()
    refused_without_password(page, live_server, "seems to be a copy")
    Passkey.objects.filter(owner=bob).update(sign_count=0, owner=alice, host="elsewhere.example")
    refused_without_password(page, live_server, "not known here")


def refused_without_password(page, live_server, sentence: str) -> None:
    sign_out(page)
    page.goto(f"{live_server.url}/admin/login/")
    page.click("text=Sign in with a passkey")
    expect(page.locator("[data-error]")).to_contain_text(sentence)
    page.goto(f"{live_server.url}/admin/security/")
    assert "/admin/login/" in page.url
