"""Channels, silences and deliveries for scripts: what may be read, what never, and who may."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from apps.accounts.models import AuditEvent
from apps.alerts import backends
from apps.alerts.adapters.fake import FakeNotifier
from apps.alerts.models import Channel, Delivery, Silence
from apps.alerts.services.channels import parts_of
from apps.alerts.services.delivery import deliver
from dce_portal.models import Operation
from tests.factories.alert_delivery import channel_of, firing, route_to

pytestmark = pytest.mark.django_db

BASE = "/api/v1"
WISH = {
    "name": "ops",
    "kind": "webhook",
    "address": {"url": "https://hooks.example.test/very-secret", "key": "very-secret-key"},
}


@pytest.fixture(autouse=True)
def notifier(monkeypatch):
    cache.clear()
    fake = FakeNotifier()
    monkeypatch.setattr(backends, "notifier", lambda: fake)
    return fake


def post(script, path, body=None):
    return script.post(f"{BASE}/{path}", json.dumps(body or {}), content_type="application/json")


def patch(script, path, body):
    return script.patch(f"{BASE}/{path}", json.dumps(body), content_type="application/json")


def test_a_channels_address_goes_in_and_never_comes_out(administrator, with_token):
    script = with_token(administrator)

    made = post(script, "channels/", WISH)

    assert made.status_code == 201
    channel = Channel.objects.get()
    assert parts_of(channel) == WISH["address"]
    shown = [made, script.get(f"{BASE}/channels/"), script.get(f"{BASE}/channels/{channel.pk}/")]
    assert all("very-secret" not in answer.content.decode() for answer in shown)
    assert made.json()["where_to"] == "hooks.example.test"
    assert made.json()["state"] == "untried"
    assert "very-secret" not in json.dumps(list(AuditEvent.objects.values()), default=str)


def test_a_part_that_is_not_named_stays(administrator, with_token):
    script = with_token(administrator)
    post(script, "channels/", WISH)
    channel = Channel.objects.get()

    answer = patch(
        script, f"channels/{channel.pk}/", {"address": {"key": "another"}, "is_enabled": False}
    )

    assert answer.status_code == 200
    assert parts_of(channel.__class__.objects.get()) == {**WISH["address"], "key": "another"}
    assert answer.json()["state"] == "off"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "pigeon"}, "kind"),
        ({"address": {"url": "ftp://x"}}, "url"),
        ({"address": {"url": "https://x.test/" + "a" * 3000}}, "address"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"colour": "red"}, "colour"),
        ({"address": {}}, "url"),
    ],
)
def test_what_cannot_be_used_names_its_field(change, field, administrator, with_token):
    answer = post(with_token(administrator), "channels/", {**WISH, **change})

    assert answer.status_code == 400
    assert field in answer.content.decode()
    assert not Channel.objects.exists()


def test_a_name_is_one_channels(administrator, with_token):
    channel_of(name="ops")

    assert post(with_token(administrator), "channels/", WISH).status_code == 400


def test_the_test_is_an_operation(administrator, with_token):
    channel = channel_of()

    answer = post(with_token(administrator), f"channels/{channel.pk}/test/")

    assert answer.status_code == 202
    assert str(Operation.objects.get().pk) in answer.headers["Location"]


def test_a_script_silences_and_ends(operator, with_token):
    script = with_token(operator)
    end = (timezone.now() + timedelta(hours=1)).isoformat()

    made = post(
        script, "silences/", {"object_label": "shop_*", "ends_at": end, "reason": "upgrade"}
    )
    number = made.json()["id"]
    ended = post(script, f"silences/{number}/end/")
    again = post(script, f"silences/{number}/end/")

    assert (made.status_code, ended.status_code, again.status_code) == (201, 200, 409)
    assert script.get(f"{BASE}/silences/?active=true").json()["results"] == []
    assert made.json()["created_by"] == "otto"


@pytest.mark.parametrize(
    "change", [{"object_label": ""}, {"ends_at": "2020-01-01T00:00:00Z"}, {"reason": ""}]
)
def test_a_silence_says_what_until_when_and_why(change, operator, with_token):
    end = (timezone.now() + timedelta(hours=1)).isoformat()
    wish = {"object_label": "shop_*", "ends_at": end, "reason": "upgrade", **change}

    assert post(with_token(operator), "silences/", wish).status_code == 400
    assert not Silence.objects.exists()


def test_deliveries_tell_how_it_went_and_are_sent_again(operator, with_token, notifier):
    route_to(channel_of("gone"))
    alert = firing()
    deliver(notifier)
    script = with_token(operator)

    (row,) = script.get(f"{BASE}/deliveries/?alert={alert.pk}&state=given_up").json()["results"]

    assert row["result"] == "The target answered with HTTP 404."
    again = post(script, f"deliveries/{row['id']}/resend/")
    assert again.status_code == 201
    assert again.json()["state"] == "waiting"
    assert post(script, f"deliveries/{again.json()['id']}/resend/").status_code == 409


def test_mallory_is_refused_everywhere(mallory, with_token):
    script = with_token(mallory)
    channel, silence = channel_of(), Silence.objects.create(object_label="x", reason="y")
    route_to(channel)
    firing()
    deliver(FakeNotifier())
    sent = Delivery.objects.get()
    asked = [
        script.get(f"{BASE}/{path}")
        for path in (
            "channels/",
            f"channels/{channel.pk}/",
            "silences/",
            "deliveries/",
            f"deliveries/{sent.pk}/",
        )
    ]
    asked += [
        post(script, path, WISH)
        for path in (
            "channels/",
            f"channels/{channel.pk}/test/",
            "silences/",
            f"silences/{silence.pk}/end/",
            f"deliveries/{sent.pk}/resend/",
        )
    ]
    asked += [
        script.delete(f"{BASE}/channels/{channel.pk}/"),
        patch(script, f"channels/{channel.pk}/", {}),
    ]

    assert {answer.status_code for answer in asked} == {403}
    assert Channel.objects.filter(pk=channel.pk).exists()


def test_a_token_that_only_reads_changes_nothing(administrator, with_token):
    script = with_token(administrator, "api.read")

    assert script.get(f"{BASE}/channels/").status_code == 200
    assert post(script, "channels/", WISH).status_code == 403


def test_an_operator_makes_no_channel(operator, with_token):
    assert post(with_token(operator), "channels/", WISH).status_code == 403
