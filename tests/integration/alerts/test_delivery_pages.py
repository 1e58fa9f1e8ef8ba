"""Pages of channels, routes, silences, quiet hours, deliveries, heartbeat: who may, what they do, what stays secret."""

from __future__ import annotations

import json
import logging

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import AuditEvent
from apps.alerts import backends
from apps.alerts.adapters.fake import FakeNotifier
from apps.alerts.models import Channel, Delivery, Heartbeat, QuietHours, Route, Silence
from apps.alerts.services.channels import parts_of
from apps.alerts.services.delivery import deliver
from dce_portal.models import Operation
from dce_portal.operations import execute
from tests.factories.accounts import TeamFactory
from tests.factories.alert_delivery import channel_of, firing, route_to

pytestmark = pytest.mark.django_db

SECRET = "https://hooks.example.test/T0K3N-very-secret"
LISTS = ("channel", "route", "silence", "quiethours", "delivery", "heartbeat")


@pytest.fixture(autouse=True)
def notifier(monkeypatch):
    """Nothing leaves the test."""
    from django.core.cache import cache

    cache.clear()
    fake = FakeNotifier()
    monkeypatch.setattr(backends, "notifier", lambda: fake)
    return fake


def address(model, page="changelist", *arguments):
    return reverse(f"admin:alerts_{model}_{page}", args=arguments)


def hook(**facts):
    return {
        "name": "ops",
        "url": SECRET,
        "key": "signing-key-very-secret",
        "language": "zh-hans",
        "time_zone": "Asia/Shanghai",
        "has_picture": "on",
        "is_enabled": "on",
        **facts,
    }


def added(browser, kind="webhook", **facts):
    return browser.post(address("channel", "add") + f"?kind={kind}", hook(**facts))


@pytest.mark.parametrize("model", LISTS)
def test_mallory_sees_no_page(model, mallory, signed_in):
    assert signed_in(mallory).get(address(model)).status_code == 403


@pytest.mark.parametrize("model", LISTS)
def test_a_viewer_sees_every_page_empty_and_full(model, viewer, signed_in):
    browser = signed_in(viewer)
    assert browser.get(address(model)).status_code == 200
    route_to(channel_of(), channel_of("broken"))
    QuietHours.objects.create(name="nights", days=[0, 1], begins="22:00", ends="07:00")
    Silence.objects.create(object_label="x", reason="y")
    firing()
    deliver(FakeNotifier())

    assert browser.get(address(model)).status_code == 200


def test_mallory_and_viewers_start_nothing(mallory, viewer, signed_in):
    channel = channel_of()
    silence = Silence.objects.create(object_label="x", reason="y")
    alert = firing()
    route_to(channel)
    deliver(FakeNotifier())
    sent = Delivery.objects.get()
    for person in (mallory, viewer):
        browser = signed_in(person)
        for place in (
            address("channel", "test", channel.pk),
            address("channel", "add") + "?kind=webhook",
            address("channel", "change", channel.pk),
            address("channel", "delete", channel.pk),
            address("silence", "end", silence.pk),
            address("silence", "alert", alert.pk),
            address("delivery", "resend", sent.pk),
            address("heartbeat"),
            address("route", "add"),
            address("quiethours", "add"),
        ):
            assert browser.post(place, hook()).status_code in {302, 403, 404}, place
    assert (Channel.objects.count(), Delivery.objects.count(), Silence.objects.count()) == (1, 1, 1)
    assert not Operation.objects.exists()
    assert not Heartbeat.objects.filter(is_enabled=True).exists()
    silence.refresh_from_db()
    assert silence.is_on(timezone.now())


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        (
            "mail",
            {
                "host": "mail.example.test",
                "port": "587",
                "security": "starttls",
                "sender": "a@b.test",
                "recipients": "c@d.test",
            },
        ),
        ("slack", {"url": "https://hooks.slack.com/services/T1/B1/x"}),
        ("telegram", {"token": "123456:abcdef", "chat": "-10012"}),
        (
            "dingtalk",
            {"url": "https://oapi.dingtalk.com/robot/send?access_token=abc", "secret": "SECx"},
        ),
        ("wecom", {"url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc"}),
        ("feishu", {"url": "https://open.feishu.cn/open-apis/bot/v2/hook/abc-def"}),
        ("apprise", {"url": "ntfy://topic"}),
    ],
)
def test_each_kind_has_its_form(kind, parts, administrator, signed_in):
    browser = signed_in(administrator)
    page = browser.get(address("channel", "add") + f"?kind={kind}").content.decode()
    assert all(f'name="{name}"' in page for name in parts)

    answer = added(browser, kind, **parts)

    channel = Channel.objects.get()
    assert answer.status_code == 302
    assert parts_of(channel).items() >= parts.items()


@pytest.mark.parametrize(
    ("kind", "facts", "field"),
    [
        ("webhook", {"url": "ftp://x"}, "url"),
        ("slack", {"url": "https://evil.test/services/a/b/c"}, "url"),
        ("dingtalk", {"url": "https://oapi.dingtalk.com/robot/send"}, "url"),
        ("apprise", {"url": "nonsense://x"}, "url"),
        ("webhook", {"time_zone": "Mars/Olympus"}, "time_zone"),
        (
            "mail",
            {
                "host": "a:25",
                "port": "25",
                "sender": "a@b.test",
                "recipients": "c@d.test",
                "security": "none",
            },
            "host",
        ),
    ],
)
def test_what_cannot_be_used_is_said_beside_its_field(kind, facts, field, administrator, signed_in):
    answer = added(signed_in(administrator), kind, **facts)

    assert answer.status_code == 200
    assert answer.context["form"].errors.keys() == {field}
    assert not Channel.objects.exists()


def test_a_secret_is_sealed_and_in_no_page_audit_or_log(administrator, viewer, signed_in, caplog):
    caplog.set_level(logging.DEBUG)
    browser = signed_in(administrator)
    added(browser)
    channel = Channel.objects.get()
    route_to(channel)
    firing()
    deliver(FakeNotifier())
    added(browser, name="again", url="nonsense")
    sent = Delivery.objects.get()
    pages = [
        signed_in(person).get(place).content.decode()
        for person in (administrator, viewer)
        for place in (
            address("channel"),
            address("channel", "change", channel.pk),
            address("delivery"),
            address("delivery", "change", sent.pk),
        )
    ]
    audit = json.dumps(list(AuditEvent.objects.values()), default=str)
    rows = json.dumps([*Channel.objects.values(), *Delivery.objects.values()], default=str)

    for text in (*pages, audit, rows, caplog.text):
        assert "very-secret" not in text
    assert "hooks.example.test" in pages[0]


def test_a_secret_that_is_left_empty_stays(administrator, signed_in):
    browser = signed_in(administrator)
    added(browser)
    channel = Channel.objects.get()

    browser.post(address("channel", "change", channel.pk), hook(name="renamed", url="", key=""))

    channel.refresh_from_db()
    assert channel.name == "renamed"
    assert parts_of(channel) == {"url": SECRET, "key": "signing-key-very-secret"}
    entry = AuditEvent.objects.get(action="channel.change")
    assert (entry.actor_label, entry.detail["address_changed"]) == ("ada", False)


def test_the_test_button_sends_a_real_message_as_an_operation(administrator, signed_in, notifier):
    channel = channel_of(language="zh-hans")
    browser = signed_in(administrator)

    answer = browser.post(address("channel", "test", channel.pk))

    operation = Operation.objects.get()
    assert answer.url == reverse("admin:portal_operation_change", args=[operation.pk])
    execute(str(operation.pk))
    operation.refresh_from_db()
    assert operation.state == "succeeded"
    ((_address, message),) = notifier.arrived
    assert "ada" in message.text
    assert message.picture.startswith(b"\x89PNG")
    assert Delivery.objects.get().kind == "test"


def test_a_test_that_fails_says_why(administrator, signed_in):
    channel = channel_of("gone")
    signed_in(administrator).post(address("channel", "test", channel.pk))
    operation = Operation.objects.get()

    execute(str(operation.pk))

    operation.refresh_from_db()
    assert (operation.state, operation.error) == ("failed", "The target answered with HTTP 404.")
    channel.refresh_from_db()
    assert channel.failures == 1


def test_deleting_a_channel_is_audited(administrator, signed_in):
    channel = channel_of(name="ops")

    signed_in(administrator).post(address("channel", "delete", channel.pk), {"post": "yes"})

    assert not Channel.objects.exists()
    assert AuditEvent.objects.get(action="channel.delete").target_label == "ops"


def test_a_route_leads_only_to_channels_that_one_may_use(bob, signed_in):
    from django.contrib.auth.models import Permission

    own, other = TeamFactory(name="own"), TeamFactory(name="other")
    own.members.add(bob)
    for name in ("view_channel", "view_route", "add_route", "change_route", "view_team"):
        bob.user_permissions.add(Permission.objects.get(codename=name))
    for name, team in (("ours", own), ("theirs", other), ("open", None)):
        channel = channel_of(name=name)
        if team:
            channel.teams.add(team)
    theirs = Channel.objects.get(name="theirs")
    page = signed_in(bob).get(address("route", "add"))
    offered = {
        channel.name for channel in page.context["adminform"].form.fields["channels"].queryset
    }
    assert offered == {"ours", "open"}

    said = {"name": "r", "channels": [theirs.pk], "wait_s": 30, "repeat_s": 0}
    answer = signed_in(bob).post(address("route", "add"), said)
    assert answer.status_code == 200
    assert not Route.objects.exists()

    kept = route_to(theirs, name="kept")
    ours = Channel.objects.get(name="ours")
    said = {"name": "kept", "channels": [ours.pk], "wait_s": 30, "repeat_s": 0}
    signed_in(bob).post(address("route", "change", kept.pk), said)
    assert set(kept.channels.values_list("name", flat=True)) == {"ours", "theirs"}


def test_an_administrator_makes_a_route(administrator, signed_in):
    channel = channel_of()
    said = {
        "name": "grave ones",
        "is_enabled": "on",
        "severities": ["critical"],
        "channels": [channel.pk],
        "wait_s": 60,
        "repeat_s": 3600,
        "sends_cleared": "on",
    }

    signed_in(administrator).post(address("route", "add"), said)

    route = Route.objects.get()
    assert (route.severities, route.wait_s) == (["critical"], 60)
    assert AuditEvent.objects.filter(action="route.add").exists()


def test_a_message_is_sent_again_as_it_was(administrator, signed_in, notifier):
    route_to(channel_of())
    firing()
    deliver(notifier)
    first = Delivery.objects.get()

    signed_in(administrator).post(address("delivery", "resend", first.pk))
    deliver(notifier)

    (_one, told), (_other, again) = notifier.arrived
    assert (told.title, told.text) == (again.title, again.text)
    assert told.delivery_id != again.delivery_id
    assert AuditEvent.objects.filter(action="delivery.resend").exists()


def test_the_heartbeats_address_is_kept_sealed(administrator, signed_in):
    browser = signed_in(administrator)
    said = {"url": SECRET, "interval_s": "60", "is_enabled": "on"}

    browser.post(address("heartbeat"), said)
    browser.post(address("heartbeat"), {"url": "", "interval_s": "300", "is_enabled": "on"})

    row = Heartbeat.objects.get()
    assert (row.interval_s, row.is_enabled, row.hint) == (300, True, "hooks.example.test")
    page = browser.get(address("heartbeat")).content.decode()
    assert "very-secret" not in page + row.sealed
    assert "very-secret" not in json.dumps(list(AuditEvent.objects.values()), default=str)


@pytest.mark.parametrize("model", LISTS)
def test_a_list_takes_as_many_queries_with_more_rows(model, administrator, queries_of):
    def rows(count):
        for index in range(count):
            number = Channel.objects.count()
            channel = channel_of(name=f"c{number}")
            route_to(channel, name=f"r{number}")
            QuietHours.objects.create(name=f"q{number}", days=[0], begins="22:00", ends="07:00")
            Silence.objects.create(object_label=f"s{index}", reason="y")
        firing()
        deliver(FakeNotifier())

    rows(1)
    few = queries_of(administrator, address(model))
    rows(4)

    assert queries_of(administrator, address(model)) <= few
