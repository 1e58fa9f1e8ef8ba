"""Webhooks from the event to the receiver: who hears, what arrives, what is tried again, who may."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import time
from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import AuditEvent
from apps.registry.services.inbox import apply_waiting, take_delivery
from apps.webhooks.adapters.fake import FakeHook
from apps.webhooks.adapters.http_hook import HttpHook
from apps.webhooks.models import Webhook, WebhookDelivery
from apps.webhooks.ports import HookAnswer, HookMessage
from apps.webhooks.services import raise_event
from apps.webhooks.services.hooks import save_hook
from apps.webhooks.services.sending import drop_old, send_due
from dce_portal.origin import PORTAL
from dce_portal.secret import Secret
from tests.factories.registry import NamespaceFactory, image_info
from tests.standins.receivers import http_receiver

pytestmark = pytest.mark.django_db
KEY = "a key of the tests, long enough"


def hook_of(url="https://receiver.test/hook", **more):
    hook = Webhook(name=more.pop("name", "ci"))
    values = {"url": url, "kinds": ["push", "delete"], **more}
    save_hook(hook, values, key=KEY, origin=PORTAL)
    return hook


def message_to(url):
    return HookMessage(url, Secret(KEY), "1", "push", b"{}")


def test_only_those_hear_who_want_to():
    hook_of(name="team", patterns="team/*")
    hook_of(name="deletes", kinds=["delete"])
    hook_of(name="off", is_active=False)
    assert raise_event("push", {"tag": "1"}, repository="team/app") == 1
    assert WebhookDelivery.objects.get().webhook.name == "team"


def test_what_is_rolled_back_was_never_told():
    hook_of()
    with transaction.atomic():
        raise_event("push", {}, repository="team/app")
        transaction.set_rollback(True)
    assert not WebhookDelivery.objects.exists()


def test_a_message_arrives_signed_and_dated():
    with http_receiver() as receiver:
        hook_of(receiver.url("ok"))
        raise_event("push", {"tag": "1", "by": "alice"}, repository="team/app")
        assert send_due(HttpHook(allow_private=True)) == 1
    (got,) = receiver.requests
    delivery = WebhookDelivery.objects.get()
    assert got.json["data"] == {"tag": "1", "by": "alice"}
    assert (got.json["event"], got.json["repository"]) == ("push", "team/app")
    moment = got.headers["X-DCE-Timestamp"]
    signed = hmac.new(KEY.encode(), moment.encode() + b"." + got.body, hashlib.sha256).hexdigest()
    assert got.headers["X-DCE-Signature"] == f"sha256={signed}"
    assert abs(int(moment) - time.time()) < 60
    assert got.headers["X-DCE-Delivery"] == str(delivery.uid)
    assert (delivery.state, delivery.status, delivery.attempts) == ("sent", 200, 1)


def test_what_fails_is_tried_again_under_the_same_id_until_it_arrives():
    hook_of()
    raise_event("push", {}, repository="team/app")
    port = FakeHook([HookAnswer(status=503, excerpt="later"), HookAnswer(status=204)])
    assert send_due(port) == 1
    row = WebhookDelivery.objects.get()
    assert (row.state, row.status, row.excerpt) == ("failed", 503, "later")
    assert row.next_at > timezone.now()
    assert send_due(port) == 0
    WebhookDelivery.objects.update(next_at=timezone.now())
    assert send_due(port) == 1
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("sent", 2)
    first, second = port.sent
    assert (first.delivery_id, first.body) == (second.delivery_id, second.body)


def test_one_receiver_does_not_take_every_place():
    many, other = hook_of(name="many"), hook_of(name="other", patterns="other/*")
    for _ in range(30):
        raise_event("push", {}, repository="team/app")
    raise_event("push", {}, repository="other/app")
    send_due(FakeHook())
    assert other.deliveries.get().state == "sent"
    assert many.deliveries.filter(state="waiting").exists()


def test_a_hook_that_was_switched_off_sends_nothing_more():
    hook_of()
    raise_event("push", {}, repository="team/app")
    Webhook.objects.update(is_active=False)
    port = FakeHook()
    send_due(port)
    row = WebhookDelivery.objects.get()
    assert (port.sent, row.state, row.problem) == ([], "given_up", "off")


@pytest.mark.parametrize(
    ("behaviour", "status", "problem"),
    [
        ("moved", 302, ""),
        ("broken", 500, ""),
        ("close", None, "connect"),
        ("half", None, "connect"),
    ],
)
def test_real_receivers_that_do_not_take_it(behaviour, status, problem):
    with http_receiver() as receiver:
        answer = HttpHook(allow_private=True).send(message_to(receiver.url(behaviour)))
    assert (answer.status, answer.problem) == (status, problem)
    assert len(receiver.requests) == 1


def test_a_receiver_that_drips_is_broken_off():
    with http_receiver() as receiver:
        begun = time.monotonic()
        answer = HttpHook(allow_private=True, whole_s=1.0).send(message_to(receiver.url("drip")))
        assert time.monotonic() - begun < 8
    assert (answer.status, answer.problem) == (None, "timeout")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.0.0.1"])
def test_addresses_that_are_not_public_are_closed(host):
    answer = HttpHook(allow_private=False).send(message_to(f"http://{host}:9/hook"))
    assert (answer.status, answer.problem) == (None, "address")


def test_metadata_stays_closed_where_private_addresses_are_open():
    answer = HttpHook(allow_private=True).send(message_to("http://169.254.169.254/latest"))
    assert answer.problem == "address"


def test_a_name_that_resolves_differently_the_second_time_gains_nothing(monkeypatch):
    """The address that was judged is the one that is connected to: the name is asked for once."""
    asked = []

    def rebinding(host, port, *args, **options):
        asked.append(host)
        address = "127.0.0.1" if len(asked) > 1 else "10.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    with http_receiver() as receiver:
        monkeypatch.setattr(socket, "getaddrinfo", rebinding)
        port = HttpHook(allow_private=False)
        answer = port.send(message_to(f"http://rebinding.test:{receiver.port}/ok"))
    assert (answer.problem, asked, receiver.requests) == ("address", ["rebinding.test"], [])


def test_the_registrys_pushes_and_deletes_are_told(registry_of_tests):
    hook_of()
    NamespaceFactory(name="team")
    info = image_info()
    registry_of_tests.put("team/app", info, tag="1")
    target = {"repository": "team/app", "mediaType": info.media_type, "digest": info.digest}
    events = [
        {"id": "1", "action": "push", "target": {**target, "tag": "1"}},
        {"id": "2", "action": "delete", "target": target},
    ]
    moment = {"timestamp": timezone.now().isoformat(), "actor": {"name": "alice"}}
    take_delivery(json.dumps({"events": [{**one, **moment} for one in events]}).encode())
    assert apply_waiting(registry_of_tests) == 2
    told = [row.body for row in WebhookDelivery.objects.order_by("pk")]
    assert [one["event"] for one in told] == ["push", "delete"]
    assert (told[0]["data"]["tag"], told[0]["data"]["by"]) == ("1", "alice")
    assert told[0]["data"]["digest"] == told[1]["data"]["digest"] == info.digest


def test_old_deliveries_are_dropped(settings):
    hook_of()
    raise_event("push", {}, repository="team/app")
    old = timezone.now() - timedelta(days=settings.CONFIGURATION.delivery_days, hours=1)
    WebhookDelivery.objects.update(created_at=old)
    assert drop_old() == 1


def test_a_key_is_made_and_shown_once(administrator, signed_in):
    browser = signed_in(administrator)
    values = {"name": "ci", "url": "https://ci.test/x", "kinds": ["push"], "patterns": "*"}
    page = browser.post(reverse("admin:webhooks_webhook_add"), values, follow=True)
    hook = Webhook.objects.get()
    assert "dceh_" in page.content.decode()
    again = browser.get(reverse("admin:webhooks_webhook_change", args=[hook.pk]))
    assert again.status_code == 200
    assert "dceh_" not in again.content.decode()
    assert AuditEvent.objects.filter(action="webhook.add", target_label="ci").exists()


def test_the_api_makes_tries_and_resends(administrator, with_token):
    script = with_token(administrator)
    wish = {"name": "ci", "url": "https://ci.test/x", "kinds": ["push"]}
    made = script.post("/api/v1/webhooks/", json.dumps(wish), content_type="application/json")
    assert made.status_code == 201
    assert made.json()["key"].startswith("dceh_")
    assert "key" not in script.get(made.json()["href"]).json()
    tried = script.post(f"{made.json()['href']}test/", "{}", content_type="application/json")
    assert (tried.status_code, tried.json()["kind"]) == (202, "ping")
    resend = f"{tried.json()['url']}resend/"
    assert script.post(resend, "{}", content_type="application/json").status_code == 409
    send_due(FakeHook())
    again = script.post(resend, "{}", content_type="application/json")
    assert again.status_code == 202
    assert again.json()["body"] == tried.json()["body"]
    assert again.json()["uid"] != tried.json()["uid"]


@pytest.mark.parametrize(
    "wish",
    [
        {"url": "ftp://x.test"},
        {"url": "http://user:pass@x.test"},
        {"url": "http://"},
        {"url": "http://x.test:port"},
        {"kinds": []},
        {"kinds": ["ping"]},
        {"key": "short"},
        {"strange": 1},
    ],
)
def test_what_cannot_be_meant_is_refused(administrator, with_token, wish):
    script = with_token(administrator)
    body = {"name": "ci", "url": "https://ci.test/x", "kinds": ["push"], **wish}
    answer = script.post("/api/v1/webhooks/", json.dumps(body), content_type="application/json")
    assert answer.status_code == 400
    assert not Webhook.objects.exists()


def test_pages_of_a_delivery(administrator, signed_in):
    hook_of()
    raise_event("push", {"tag": "<b>1</b>"}, repository="team/app")
    send_due(FakeHook([HookAnswer(status=404, excerpt="no <i>such</i> thing")]))
    row = WebhookDelivery.objects.get()
    browser = signed_in(administrator)
    page = browser.get(reverse("admin:webhooks_webhookdelivery_change", args=[row.pk]))
    text = page.content.decode()
    assert "It answered 404." in text
    assert "no &lt;i&gt;such&lt;/i&gt; thing" in text
    resend = reverse("admin:webhooks_webhookdelivery_resend", args=[row.pk])
    assert browser.post(resend).status_code == 302
    assert WebhookDelivery.objects.filter(state="waiting").count() == 1


def test_mallory_and_viewers_are_refused(mallory, viewer, signed_in, with_token):
    hook = hook_of()
    raise_event("push", {}, repository="team/app")
    row = WebhookDelivery.objects.get()
    for person in (mallory, viewer):
        browser, script = signed_in(person), with_token(person)
        assert browser.get(reverse("admin:webhooks_webhook_changelist")).status_code == 403
        change = reverse("admin:webhooks_webhookdelivery_change", args=[row.pk])
        assert browser.get(change).status_code == 403
        tried = browser.post(reverse("admin:webhooks_webhook_test", args=[hook.pk]))
        resent = browser.post(reverse("admin:webhooks_webhookdelivery_resend", args=[row.pk]))
        assert (tried.status_code, resent.status_code) == (403, 403)
        for address in ("webhooks/", f"webhooks/{hook.pk}/", "webhook-deliveries/"):
            assert script.get(f"/api/v1/{address}").status_code == 403
        resend = f"/api/v1/webhook-deliveries/{row.pk}/resend/"
        assert script.post(resend, "{}", content_type="application/json").status_code == 403
    assert WebhookDelivery.objects.count() == 1
