"""Remote-write targets by API and page: who may, what is audited, and that no secret comes back."""

from __future__ import annotations

import pytest

from apps.accounts.models import AuditEvent
from apps.interop.models import RemoteWrite
from dce_portal.sealing import unseal

ADDRESS = "/api/v1/remote-writes/"
LIST = "/admin/interop/remotewrite/"
WISH = {
    "name": "far",
    "url": "https://prometheus.test/api/v1/write",
    "username": "portal",
    "secret": "pass word ",
}
FORM = {"name": "far", "url": WISH["url"], "username": "portal", "is_active": "on"}


def made(script, **wish):
    answer = script.post(ADDRESS, {**WISH, **wish}, content_type="application/json")
    assert answer.status_code == 201, answer.content
    return RemoteWrite.objects.get(pk=answer.json()["id"]), answer


@pytest.fixture
def script(administrator, with_token):
    return with_token(administrator)


def change(script, row, wish):
    return script.patch(f"{ADDRESS}{row.pk}/", wish, content_type="application/json")


def test_a_target_is_added_and_its_secret_is_sealed(script):
    row, answer = made(script)

    assert "pass word" not in answer.content.decode() + row.sealed_secret
    assert unseal(row.sealed_secret).reveal() == "pass word "
    assert (answer.json()["has_secret"], answer.json()["state"]) == (True, "new")
    entry = AuditEvent.objects.get(action="remotewrite.add")
    assert (entry.actor_label, entry.target_label) == ("ada", "far")
    assert "pass word" not in str(entry.detail)


def test_a_change_touches_what_it_names_and_tries_at_once(script):
    row, _answer = made(script)
    RemoteWrite.objects.update(failures=4, next_try_at="2099-01-01T00:00:00Z", is_active=False)

    assert change(script, row, {"portal_label": "lab"}).status_code == 200

    row.refresh_from_db()
    assert (row.portal_label, row.username, row.is_active) == ("lab", "portal", False)
    assert (row.failures, row.next_try_at) == (0, None)
    assert unseal(row.sealed_secret).reveal() == "pass word "


def test_a_kept_secret_is_not_sent_to_another_host(script):
    row, _answer = made(script)

    answer = change(script, row, {"url": "https://mallory.test/write"})
    assert (answer.status_code, answer.json()["error"]["fields"].keys()) == (400, {"secret"})
    assert RemoteWrite.objects.get().url == WISH["url"]

    moved = {"url": "https://other.test/write", "secret": "new"}
    assert change(script, row, moved).status_code == 200
    assert change(script, row, {"secret": ""}).json()["has_secret"] is False


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({"url": "ftp://x.test/"}, 400),
        ({"url": "https://user:pass@x.test/"}, 400),
        ({"url": "nonsense"}, 400),
        ({"name": "a\nb"}, 400),
        ({"strange": 1}, 400),
    ],
)
def test_what_cannot_be_is_refused(wish, status, script):
    answer = script.post(ADDRESS, {**WISH, **wish}, content_type="application/json")
    assert answer.status_code == status
    assert not RemoteWrite.objects.exists()


def test_a_name_is_there_once(script):
    made(script)
    answer = script.post(ADDRESS, WISH, content_type="application/json")
    assert answer.status_code == 409


def test_a_target_is_removed(script):
    row, _answer = made(script)
    assert script.delete(f"{ADDRESS}{row.pk}/").status_code == 204
    assert not RemoteWrite.objects.exists()
    assert AuditEvent.objects.filter(action="remotewrite.delete", target_label="far").exists()


@pytest.mark.parametrize("who", ["mallory", "viewer", "operator"])
def test_others_neither_see_nor_change_targets(who, script, request, with_token, signed_in):
    row, _answer = made(script)
    person = request.getfixturevalue(who)
    outsider = with_token(person)

    assert outsider.get(ADDRESS).status_code == 403
    assert outsider.post(ADDRESS, WISH, content_type="application/json").status_code == 403
    assert outsider.delete(f"{ADDRESS}{row.pk}/").status_code == 403
    browser = signed_in(person)
    for address in (LIST, f"{LIST}add/", f"{LIST}{row.pk}/change/"):
        assert browser.get(address).status_code in {302, 403}, address


def test_the_page_adds_changes_and_never_shows_the_secret(administrator, signed_in):
    browser = signed_in(administrator)
    answer = browser.post(f"{LIST}add/", {**FORM, "secret": "hush-hush"})
    assert answer.status_code == 302
    row = RemoteWrite.objects.get()
    assert unseal(row.sealed_secret).reveal() == "hush-hush"

    page = f"{LIST}{row.pk}/change/"
    shown = browser.get(page).content.decode()
    assert "hush-hush" not in shown
    assert row.sealed_secret not in shown

    assert browser.post(page, {**FORM, "portal_label": "lab"}).status_code == 302
    row.refresh_from_db()
    assert (row.portal_label, unseal(row.sealed_secret).reveal()) == ("lab", "hush-hush")
    assert browser.post(page, {**FORM, "forget_secret": "on"}).status_code == 302
    row.refresh_from_db()
    assert row.sealed_secret == ""
    entries = AuditEvent.objects.filter(action__startswith="remotewrite").order_by("pk")
    actions = list(entries.values_list("action", flat=True))
    assert actions == ["remotewrite.add", "remotewrite.change", "remotewrite.change"]


def test_the_page_refuses_a_bad_address_in_words(administrator, signed_in):
    answer = signed_in(administrator).post(f"{LIST}add/", {**FORM, "url": "gopher://x.test"})
    assert answer.status_code == 200
    assert "http://" in answer.content.decode()
    assert not RemoteWrite.objects.exists()


def test_the_page_asks_for_the_secret_when_the_host_changes(administrator, signed_in):
    browser = signed_in(administrator)
    browser.post(f"{LIST}add/", {**FORM, "secret": "hush-hush"})
    row = RemoteWrite.objects.get()
    moved = {**FORM, "url": "https://mallory.test/"}
    answer = browser.post(f"{LIST}{row.pk}/change/", moved, follow=True)
    assert "another host" in answer.content.decode()
    assert RemoteWrite.objects.get().url == FORM["url"]


def test_the_list_shows_state_and_reason(administrator, signed_in):
    row = RemoteWrite.objects.create(
        name="far", url="https://x.test/", state="held", problem="It answered 401: no"
    )
    browser = signed_in(administrator)
    assert "refused: address or credential" in browser.get(LIST).content.decode()
    assert "It answered 401: no" in browser.get(f"{LIST}{row.pk}/change/").content.decode()


def test_the_page_of_one_target_deletes_it(administrator, signed_in):
    row = RemoteWrite.objects.create(name="far", url="https://x.test/")
    answer = signed_in(administrator).post(f"{LIST}{row.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 302
    assert AuditEvent.objects.filter(action="remotewrite.delete").count() == 1
