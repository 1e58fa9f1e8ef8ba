"""The admin pages of people, teams, tokens and the audit trail, and who may enter."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import AuditEvent, PersonalToken, Team, User
from tests.factories.accounts import PASSWORD, AuditEventFactory, TeamFactory, UserFactory, token_of

TOKENS = "/admin/accounts/personaltoken/"
# Their rows are narrowed to what the person may see; tests of those apps say what an outsider finds there.
OPEN_TO_ALL = {"personaltoken", "operation", "retentionrun", "scanreport"}


def sign_in(username: str, password: str) -> Client:
    cache.clear()
    client = Client()
    client.post("/admin/login/", {"username": username, "password": password})
    return client


def test_a_person_without_the_staff_flag_signs_in(alice):
    assert not alice.is_staff
    assert sign_in("alice", PASSWORD).get(TOKENS).status_code == 200
    assert AuditEvent.objects.filter(action="sign_in", actor=alice, result="allowed").exists()


def test_a_wrong_password_is_refused_audited_and_not_shown_again(alice):
    answer = Client().post("/admin/login/", {"username": "alice", "password": "hunter2"})
    assert "user name or the password is not right" in answer.content.decode()
    assert "hunter2" not in answer.content.decode()
    event = AuditEvent.objects.get(action="sign_in")
    assert (event.result, event.target_label) == ("denied", "alice")


def test_nobody_enters_without_signing_in(db):
    assert Client().get(TOKENS).status_code == 302
    assert Client().get("/admin/").status_code == 302


def model_lists() -> list[str]:
    return [
        reverse(f"admin:{m._meta.app_label}_{m._meta.model_name}_changelist")
        for m in admin.site._registry
        if m._meta.model_name not in OPEN_TO_ALL and m._meta.app_label != "registry"
    ]


@pytest.mark.parametrize("address", model_lists())
def test_mallory_opens_no_list(address, mallory, signed_in):
    assert signed_in(mallory).get(address).status_code == 403


@pytest.mark.parametrize(
    "address",
    [a for a in model_lists() if "/accounts/" in a or "/auth/" in a],
)
def test_an_administrator_opens_every_list_of_this_app(address, administrator, signed_in):
    assert signed_in(administrator).get(address).status_code == 200


def add_token(browser: Client, **changes):
    day = timezone.localdate() + timedelta(days=30)
    wish = {"name": "laptop", "scopes": ["registry.pull"], "last_day": day.isoformat(), **changes}
    return browser.post(f"{TOKENS}add/", wish)


def test_mallory_makes_her_own_token_and_sees_the_secret_once(mallory, signed_in):
    browser = signed_in(mallory)
    answer = add_token(browser)
    token = PersonalToken.objects.get()
    body = answer.content.decode()
    assert (token.owner, token.scopes) == (mallory, ["registry.pull"])
    assert f"dcep_{token.key}_" in body
    assert "docker login -u mallory testserver" in body
    assert "no-store" in answer["Cache-Control"]
    secret = body.split(f"dcep_{token.key}_")[1][:46]
    later = [
        browser.get(TOKENS),
        browser.get(f"{TOKENS}{token.pk}/change/"),
        browser.get("/admin/"),
    ]
    kept = [page.content.decode() for page in later if page.status_code == 200]
    kept += [
        str(dict(browser.session)),
        str(browser.cookies),
        str(list(AuditEvent.objects.values())),
    ]
    assert len(kept) == 6
    assert secret not in "".join(kept)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"last_day": ""},
        {"last_day": "2020-01-01"},
        {"last_day": (timezone.localdate() + timedelta(days=400)).isoformat()},
    ],
)
def test_a_token_needs_a_name_a_scope_and_a_last_day_within_a_year(changes, alice, signed_in):
    assert add_token(signed_in(alice), **changes).status_code == 200
    assert not PersonalToken.objects.exists()


def test_the_token_lasts_through_its_last_day(alice, signed_in):
    add_token(signed_in(alice), last_day=timezone.localdate().isoformat())
    assert PersonalToken.objects.get().is_usable


def test_mallory_neither_sees_nor_revokes_the_tokens_of_others(alice, mallory, signed_in):
    token = token_of(alice, name="alices").token
    browser = signed_in(mallory)
    assert "alices" not in browser.get(TOKENS).content.decode()
    assert browser.get(f"{TOKENS}{token.pk}/change/").status_code == 302
    assert browser.post(f"{TOKENS}{token.pk}/revoke/").status_code == 404
    browser.post(TOKENS, {"action": "revoke_selected", "_selected_action": [token.pk]})
    token.refresh_from_db()
    assert token.revoked_at is None


def test_alice_revokes_her_token_by_its_button_or_in_the_list(alice, signed_in):
    first, second = token_of(alice).token, token_of(alice).token
    browser = signed_in(alice)
    assert browser.get(f"{TOKENS}{first.pk}/revoke/").status_code == 405
    browser.post(f"{TOKENS}{first.pk}/revoke/")
    browser.post(TOKENS, {"action": "revoke_selected", "_selected_action": [first.pk, second.pk]})
    assert not PersonalToken.objects.filter(revoked_at__isnull=True).exists()
    assert AuditEvent.objects.filter(action="token.revoke").count() == 2


def test_an_administrator_sees_all_tokens_and_no_secret(alice, administrator, signed_in):
    issued = token_of(alice, name="alices")
    browser = signed_in(administrator)
    pages = [browser.get(TOKENS), browser.get(f"{TOKENS}{issued.token.pk}/change/")]
    body = "".join(page.content.decode() for page in pages)
    assert "alices" in body
    assert issued.secret[-46:] not in body
    assert issued.token.digest not in body


def change_person(browser: Client, person: User, **changes):
    groups = list(person.groups.values_list("pk", flat=True))
    form = {"username": person.username, "is_active": "on", "groups": groups, **changes}
    return browser.post(reverse("admin:accounts_user_change", args=[person.pk]), form)


def test_an_administrator_makes_nobody_a_superuser(administrator, bob, signed_in):
    browser = signed_in(administrator)
    for person in (administrator, bob):
        change_person(browser, person, is_superuser="on", is_staff="on", first_name="B")
        person.refresh_from_db()
        assert person.first_name == "B"
        assert not person.is_superuser
        assert not person.is_staff


def test_who_may_edit_people_alone_gives_nobody_a_group(bob, mallory, signed_in):
    rights = ("view_user", "change_user")
    bob.user_permissions.set(Permission.objects.filter(codename__in=rights))
    administrators = Group.objects.get(name="administrator")
    for person in (bob, mallory):
        change_person(signed_in(bob), person, first_name="B", groups=[administrators.pk])
        person.refresh_from_db()
        assert (person.first_name, person.groups.count()) == ("B", 0)


def test_an_administrator_gives_groups(administrator, bob, signed_in):
    viewers = Group.objects.get(name="viewer")
    change_person(signed_in(administrator), bob, groups=[viewers.pk])
    assert list(bob.groups.all()) == [viewers]


def test_an_administrator_leaves_superusers_alone(administrator, signed_in):
    root = UserFactory(username="root", is_superuser=True)
    browser = signed_in(administrator)
    assert change_person(browser, root, first_name="x").status_code == 403
    new = {"password1": "a new long pass 1", "password2": "a new long pass 1"}
    address = reverse("admin:auth_user_password_change", args=[root.pk])
    assert browser.post(address, new).status_code == 403
    address = reverse("admin:accounts_user_delete", args=[root.pk])
    assert browser.post(address, {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [root.pk], "post": "yes"}
    browser.post(reverse("admin:accounts_user_changelist"), chosen)
    root.refresh_from_db()
    assert root.first_name == ""
    assert root.check_password(PASSWORD)


def test_edits_in_the_admin_are_audited(administrator, bob, signed_in):
    change_person(signed_in(administrator), bob, first_name="Robert")
    event = AuditEvent.objects.get(action="user.change")
    assert (event.actor, event.target_label) == (administrator, "bob")
    assert "Robert" not in str(event.detail)


def test_a_team_is_made_with_its_members(administrator, alice, signed_in):
    rows = {
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "0",
        "memberships-0-person": alice.pk,
        "memberships-0-role": "maintainer",
    }
    signed_in(administrator).post("/admin/accounts/team/add/", {"name": "ops", **rows})
    assert list(Team.objects.get(name="ops").members.all()) == [alice]


def test_the_audit_trail_is_read_only_and_leaves_as_csv(administrator, signed_in):
    event = AuditEventFactory(actor_label='=HYPERLINK("x")', action="node.update")
    browser = signed_in(administrator)
    address = "/admin/accounts/auditevent/"
    assert browser.get(f"{address}?q=node.update").status_code == 200
    assert browser.get(f"{address}add/").status_code == 403
    assert browser.post(f"{address}{event.pk}/delete/", {"post": "yes"}).status_code == 403
    assert browser.post(f"{address}{event.pk}/change/", {"action": "x"}).status_code == 403
    answer = browser.post(address, {"action": "export_csv", "_selected_action": [event.pk]})
    text = b"".join(answer).decode()
    assert text.splitlines()[0].startswith("id,at,actor_label")
    assert "'=HYPERLINK" in text


@pytest.mark.parametrize("model", ["personaltoken", "auditevent", "user", "team"])
def test_lists_ask_as_many_queries_for_many_rows_as_for_few(model, administrator, queries_of):
    address = f"/admin/accounts/{model}/"

    def fill(rows: int) -> None:
        for person in UserFactory.create_batch(rows):
            token_of(person)
        TeamFactory.create_batch(rows)

    fill(2)
    few = queries_of(administrator, address)
    fill(20)
    assert queries_of(administrator, address) == few


def test_a_person_cannot_have_a_robots_name(administrator, signed_in):
    form = {"username": "Robot-team-ci", "password1": PASSWORD, "password2": PASSWORD}
    answer = signed_in(administrator).post("/admin/accounts/user/add/", form)
    assert "Names that begin with robot- are kept for robots" in answer.content.decode()
    assert not User.objects.filter(username__iexact="robot-team-ci").exists()
