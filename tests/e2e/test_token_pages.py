"""Tokens, robots, teams, the access page and the audit, in a real browser under the portal's policy."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import PersonalToken, TeamMembership
from apps.registry.models import Robot
from apps.registry.services import create_namespace, grant_role
from dce_portal.origin import PORTAL
from tests.factories.accounts import PASSWORD, TeamFactory, token_of

pytestmark = pytest.mark.browser


@pytest.fixture(scope="session", autouse=True)
def _database_first(django_db_setup):
    """The database is there before the server that reads it."""


@pytest.fixture
def page(chromium_page):
    """A page; whatever its console complains of, blocked scripts among it, fails the test."""
    complaints: list[str] = []
    chromium_page.on("pageerror", lambda error: complaints.append(str(error)))
    chromium_page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    yield chromium_page
    assert complaints == []


@pytest.fixture
def alices_page(page, live_server, alice):
    """Alice owns the namespace team and has signed in."""
    create_namespace(name="team", owner=alice, origin=PORTAL)
    page.goto(f"{live_server.url}/admin/login/")
    page.fill("[name=username]", "alice")
    page.fill("[name=password]", PASSWORD)
    page.click("[type=submit]")
    page.wait_for_url(f"{live_server.url}/admin/")
    return page


def test_alice_makes_a_token_and_a_robot_in_the_side_panel(live_server, alices_page, alice):
    page = alices_page
    page.goto(f"{live_server.url}/admin/accounts/personaltoken/")
    assert not page.is_visible("#new-secret")
    page.click("[popovertarget=new-secret]")
    assert page.is_visible("#new-secret")
    page.fill("#new-secret [name=name]", "laptop")
    page.check("#new-secret [name=scopes][value='registry.push']")
    page.fill("#new-secret [name=places]", "team")
    page.click("#new-secret [name=_save]")
    page.wait_for_selector("text=docker login -u alice")
    token = PersonalToken.objects.get()
    assert token.scopes == ["registry.push:team"]
    assert f"dcep_{token.key}_" in page.inner_text("body")

    page.goto(f"{live_server.url}/admin/registry/robot/")
    page.click("[popovertarget=new-secret]")
    page.select_option("#new-secret [name=namespace]", label="team")
    page.fill("#new-secret [name=name]", "ci")
    page.select_option("#new-secret [name=role]", "writer")
    page.click("#new-secret [name=_save]")
    page.wait_for_selector("text=docker login -u robot-team-ci")
    robot = Robot.objects.get()
    page.goto(f"{live_server.url}/admin/registry/robot/{robot.pk}/change/")
    page.select_option("[name=overlap_hours]", "1")
    page.click("text=Rotate")
    page.wait_for_selector("text=The old secret goes on until")


def test_the_access_page_answers_and_a_maintainer_changes_the_team(
    live_server, alices_page, alice, bob
):
    page = alices_page
    ops = TeamFactory(name="ops")
    ops.memberships.create(person=alice, role=TeamMembership.Role.MAINTAINER)
    namespace = alice.registry_grants.get().namespace
    grant_role(namespace=namespace, team=ops, role="writer", origin=PORTAL)
    page.goto(f"{live_server.url}/admin/accounts/team/{ops.pk}/change/")
    page.fill("input[name=person]:not([type=hidden])", "bob")
    page.click("text=Take in, or change the role")
    page.wait_for_selector("td:has-text('bob')")
    page.goto(f"{live_server.url}/admin/registry/namespace/{namespace.pk}/access/")
    page.wait_for_selector("tr:has-text('bob'):has-text('writer by the team ops')")
    page.fill("[name=who]", "bob")
    page.fill("[name=repository]", "team/app")
    page.click("text=Check")
    page.wait_for_selector(".dce-verdict:has-text('Yes')")


def test_a_token_that_ends_soon_is_said_on_a_narrow_screen(live_server, alices_page, alice):
    token_of(alice, name="old", expires_at=timezone.now() + timedelta(days=3))
    alices_page.set_viewport_size({"width": 360, "height": 740})
    alices_page.goto(f"{live_server.url}/admin/accounts/personaltoken/")
    alices_page.wait_for_selector(".dce-ending:has-text('old')")
    width = alices_page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360
    alices_page.click("[popovertarget=new-secret]")
    box = alices_page.locator("#new-secret").bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == (0, 360)
