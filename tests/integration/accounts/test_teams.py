"""Teams: a maintainer changes who is in the own team, and nothing else."""

from __future__ import annotations

import pytest

from apps.accounts.models import AuditEvent, Team
from tests.factories.accounts import TeamFactory, UserFactory


@pytest.fixture
def ops(alice, bob):
    """Alice maintains it, Bob is a member, Mallory is neither."""
    team = TeamFactory(name="ops")
    team.memberships.create(person=alice, role="maintainer")
    team.memberships.create(person=bob)
    return team


def members(team) -> dict[str, str]:
    return dict(team.memberships.values_list("person__username", "role"))


def put(script, team, **wish):
    address = f"/api/v1/teams/{team.pk}/members/"
    return script.post(address, wish, content_type="application/json")


def test_a_maintainer_takes_people_in_and_out_by_the_api(alice, mallory, ops, with_token):
    script = with_token(alice)
    assert put(script, ops, person="mallory").json() == {"person": "mallory", "role": "member"}
    assert put(script, ops, person="mallory", role="maintainer").status_code == 200
    assert members(ops)["mallory"] == "maintainer"
    assert script.delete(f"/api/v1/teams/{ops.pk}/members/mallory/").status_code == 204
    assert "mallory" not in members(ops)
    assert script.delete(f"/api/v1/teams/{ops.pk}/members/mallory/").status_code == 404
    assert put(script, ops, person="no\x00body").status_code == 400
    actions = AuditEvent.objects.filter(target_label="ops").values_list("action", flat=True)
    assert sorted(actions) == ["team.member.put", "team.member.put", "team.member.remove"]


def test_members_and_outsiders_change_nothing_but_may_leave(bob, mallory, ops, with_token):
    assert put(with_token(bob), ops, person="mallory").status_code == 403
    assert put(with_token(mallory), ops, person="mallory").status_code == 404
    script = with_token(bob)
    assert script.delete(f"/api/v1/teams/{ops.pk}/members/alice/").status_code == 403
    assert script.delete(f"/api/v1/teams/{ops.pk}/").status_code == 403
    assert script.post("/api/v1/teams/", {"name": "x"}).status_code in {403, 415}
    assert script.delete(f"/api/v1/teams/{ops.pk}/members/bob/").status_code == 204
    assert members(ops) == {"alice": "maintainer"}


def test_an_administrator_makes_changes_and_deletes_teams(administrator, with_token):
    script = with_token(administrator)
    made = script.post("/api/v1/teams/", {"name": "qa"}, content_type="application/json")
    assert made.status_code == 201
    again = script.post("/api/v1/teams/", {"name": "qa"}, content_type="application/json")
    assert again.status_code == 409
    changed = script.patch(
        made["Location"], {"description": "Tests"}, content_type="application/json"
    )
    assert changed.json()["description"] == "Tests"
    assert script.delete(made["Location"]).status_code == 204
    assert not Team.objects.exists()


def test_the_teams_page_shows_the_form_to_maintainers_alone(alice, bob, mallory, ops, signed_in):
    page, form = f"/admin/accounts/team/{ops.pk}/change/", f"/admin/accounts/team/{ops.pk}/members/"
    other = TeamFactory(name="other")
    browser = signed_in(alice)
    assert 'name="person" required' in browser.get(page).content.decode()
    assert "other" not in browser.get("/admin/accounts/team/").content.decode()
    browser.post(form, {"person": "mallory", "role": "member"})
    assert members(ops)["mallory"] == "member"
    browser.post(form, {"person": "mallory", "remove": "yes"})
    assert "mallory" not in members(ops)
    assert 'name="person" required' not in signed_in(bob).get(page).content.decode()
    signed_in(bob).post(form, {"person": "mallory", "role": "member"})
    assert signed_in(mallory).get(page).status_code in {302, 403}
    assert signed_in(mallory).post(form, {"person": "mallory", "role": "member"}).status_code == 404
    assert "mallory" not in members(ops)
    renamed = browser.post(page, {"name": "mine", "description": "x"})
    assert renamed.status_code == 403
    assert browser.get(f"/admin/accounts/team/{other.pk}/change/").status_code == 302
    assert (
        browser.post(f"/admin/accounts/team/{ops.pk}/delete/", {"post": "yes"}).status_code == 403
    )


def test_a_page_asks_as_many_queries_for_many_members_as_for_few(alice, ops, queries_of):
    page = f"/admin/accounts/team/{ops.pk}/change/"
    few = queries_of(alice, page)
    for person in UserFactory.create_batch(20):
        ops.memberships.create(person=person)
    assert queries_of(alice, page) == few
