"""Tokens that are rotated, bound to addresses, and narrowed to places and areas."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from apps.accounts.models import AuditEvent, PersonalToken
from apps.accounts.services import rotate_personal_token, verify_bearer
from dce_portal.errors import Conflict, InvalidInput, NotAuthenticated
from dce_portal.origin import PORTAL
from tests.factories.accounts import token_of

HOME, ABROAD = "192.0.2.1", "198.51.100.1"
TOKENS = "/admin/accounts/personaltoken/"


def opens(secret: str, address: str = HOME) -> bool:
    try:
        return verify_bearer(secret, address=address) is not None
    except NotAuthenticated:
        return False


def test_the_old_secret_goes_on_for_its_hours_and_no_longer(alice):
    old = token_of(alice)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        new = rotate_personal_token(old.token, overlap_hours=2, origin=PORTAL)
        assert new.secret != old.secret
        assert new.secret[:18] == old.secret[:18]
        clock.shift(timedelta(hours=2, seconds=-1))
        assert opens(old.secret)
        assert opens(new.secret)
        clock.shift(timedelta(seconds=1))
        assert opens(new.secret)
        with pytest.raises(NotAuthenticated, match="was rotated"):
            verify_bearer(old.secret, address=HOME)
    event = AuditEvent.objects.get(action="token.rotate")
    assert event.detail["overlap_hours"] == 2
    assert new.secret[-46:] not in str(event.detail)


def test_without_an_overlap_the_old_one_ends_at_once_and_a_second_rotation_ends_the_first(alice):
    first = token_of(alice)
    second = rotate_personal_token(first.token, overlap_hours=0, origin=PORTAL)
    assert not opens(first.secret)
    third = rotate_personal_token(second.token, overlap_hours=1, origin=PORTAL)
    fourth = rotate_personal_token(third.token, overlap_hours=1, origin=PORTAL)
    kept = [opens(issued.secret) for issued in (second, third, fourth)]
    assert kept == [False, True, True]


def test_what_has_ended_is_not_rotated_and_revoking_ends_both_secrets(alice):
    old = token_of(alice)
    new = rotate_personal_token(old.token, overlap_hours=24, origin=PORTAL)
    PersonalToken.objects.update(revoked_at=timezone.now())
    assert not opens(old.secret)
    assert not opens(new.secret)
    with pytest.raises(Conflict):
        rotate_personal_token(new.token, overlap_hours=24, origin=PORTAL)
    with pytest.raises(InvalidInput):
        rotate_personal_token(token_of(alice).token, overlap_hours=10_000, origin=PORTAL)


def test_a_token_is_refused_from_elsewhere(alice):
    secret = token_of(alice, networks=["192.0.2.0/24", "2001:db8::/32"]).secret
    assert opens(secret)
    assert opens(secret, "2001:db8::7")
    with pytest.raises(NotAuthenticated, match=ABROAD):
        verify_bearer(secret, address=ABROAD)


def test_an_area_of_the_api_opens_no_other(operator):
    def script(*scopes):
        return Client(headers={"Authorization": f"Bearer {token_of(operator, *scopes).secret}"})

    cluster = script("api.read:cluster")
    assert cluster.get("/api/v1/nodes/").status_code == 200
    assert cluster.get("/api/v1/namespaces/").status_code == 403
    assert cluster.get("/api/v1/operations/").status_code == 403
    registry = script("api.read:registry", "api.write:access")
    assert registry.get("/api/v1/namespaces/").status_code == 200
    assert registry.get("/api/v1/nodes/").status_code == 403
    assert registry.get("/api/v1/teams/").status_code == 403


def test_every_app_with_an_api_has_an_area_in_words():
    from django.apps import apps

    from apps.accounts.scopes import AREAS
    from dce_portal.api.permissions import AREAS_BY_APP

    own = {config.label for config in apps.get_app_configs() if config.name.startswith("apps.")}
    assert own <= set(AREAS_BY_APP)
    assert set(AREAS_BY_APP.values()) | {"operations"} == set(AREAS)


def post(script, address, **wish):
    return script.post(address, wish, content_type="application/json")


def test_a_token_is_rotated_by_the_api_for_its_owner_alone(alice, mallory, signed_in):
    old = token_of(alice)
    address = f"/api/v1/tokens/{old.token.pk}/rotate/"
    assert post(signed_in(mallory), address).status_code == 404
    answer = post(signed_in(alice), address, overlap_hours=1, days=30)
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert opens(answer.json()["secret"])
    assert opens(old.secret)
    assert answer.json()["previous_until"]


def test_a_narrow_token_gets_no_wider_one_by_making_or_rotating(alice):
    wide = token_of(alice, "registry.push")
    narrow = token_of(
        alice, "api.write:access", "registry.push:team", networks=["127.0.0.0/8"]
    ).secret
    script = Client(headers={"Authorization": f"Bearer {narrow}"})
    assert post(script, f"/api/v1/tokens/{wide.token.pk}/rotate/").status_code == 403
    make = "/api/v1/tokens/"
    refused = [
        {"scopes": ["registry.push"]},
        {"scopes": ["registry.push:other"]},
        {"scopes": ["api.write"]},
        {"scopes": ["registry.pull:team"], "networks": ["0.0.0.0/0"]},
    ]
    for wish in refused:
        assert post(script, make, name="x", **wish).status_code == 403, wish
    answer = post(script, make, name="x", scopes=["registry.pull:team/app"])
    assert answer.status_code == 201
    assert answer.json()["networks"] == ["127.0.0.0/8"]


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"scopes": ["registry.pull:Team"]}, "scopes"),
        ({"scopes": ["api.read"], "networks": ["192.0.2.0/33"]}, "networks"),
        ({"scopes": ["api.read"], "networks": ["a"] * 21}, "networks"),
        ({"scopes": [f"registry.pull:a{n}" for n in range(51)]}, "scopes"),
    ],
)
def test_wrong_wishes_name_the_field(alice, signed_in, wish, field):
    answer = post(signed_in(alice), "/api/v1/tokens/", name="x", **wish)
    assert answer.status_code == 400
    assert field in str(answer.json())
    assert not PersonalToken.objects.exists()


def test_the_panel_makes_a_token_with_places_areas_and_addresses(alice, signed_in):
    browser = signed_in(alice)
    page = browser.get(TOKENS).content.decode()
    assert "popovertarget" in page
    assert 'name="places"' in page
    wish = {
        "name": "ci",
        "scopes": ["registry.push", "api.read"],
        "places": "team other/app",
        "areas": ["registry"],
        "allowed_from": "192.0.2.7, 2001:db8::/32",
        "last_day": (timezone.localdate() + timedelta(days=5)).isoformat(),
    }
    browser.post(f"{TOKENS}add/", wish)
    token = PersonalToken.objects.get()
    assert token.scopes == ["api.read:registry", "registry.push:other/app", "registry.push:team"]
    assert token.networks == ["192.0.2.7/32", "2001:db8::/32"]
    shown = browser.get(f"{TOKENS}{token.pk}/change/").content.decode()
    assert "only the namespace team" in shown
    assert "192.0.2.7/32" in shown
    assert "ends soon" in browser.get(TOKENS).content.decode().lower()
    assert browser.get("/api/v1/tokens/").json()["results"][0]["expires_soon"] is True


@pytest.mark.parametrize(
    "changes", [{"places": "Team"}, {"allowed_from": "everywhere"}, {"areas": ["x"]}]
)
def test_the_panel_refuses_what_is_none(alice, signed_in, changes):
    wish = {
        "name": "ci",
        "scopes": ["registry.push"],
        "last_day": timezone.localdate().isoformat(),
        **changes,
    }
    assert signed_in(alice).post(f"{TOKENS}add/", wish).status_code == 200
    assert not PersonalToken.objects.exists()


def test_the_rotate_button_shows_the_secret_once_to_the_owner_alone(
    alice, administrator, signed_in
):
    old = token_of(alice)
    address = f"{TOKENS}{old.token.pk}/rotate/"
    refused = signed_in(administrator).post(address, {"overlap_hours": "1"})
    assert refused.status_code == 302
    assert opens(old.secret)
    answer = signed_in(alice).post(address, {"overlap_hours": "0"})
    assert "no-store" in answer["Cache-Control"]
    text = answer.content.decode()
    secret = f"dcep_{old.token.key}_" + text.split(f"dcep_{old.token.key}_")[1][:46]
    assert opens(secret)
    assert not opens(old.secret)
    assert signed_in(alice).post(address, {"overlap_hours": "999"}).status_code == 302


def test_a_token_rotates_nothing_that_outlives_it(alice):
    day = timedelta(days=1)
    own = token_of(alice, "api.write", expires_at=timezone.now() + day)
    longer = token_of(alice, "api.write", expires_at=timezone.now() + 2 * day)
    script = Client(headers={"Authorization": f"Bearer {own.secret}"})
    for token in (longer.token, token_of(alice, "api.write").token):
        assert post(script, f"/api/v1/tokens/{token.pk}/rotate/").status_code == 403
    assert opens(longer.secret)
    answer = post(script, f"/api/v1/tokens/{own.token.pk}/rotate/", days=300, overlap_hours=0)
    assert answer.status_code == 200
    own.token.refresh_from_db()
    assert own.token.expires_at < timezone.now() + day
