"""From a change of an alert to a message: routes, groups, attempts, reminders, and what is told when."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone

from apps.alerts.adapters.fake import BEHAVIOURS, FakeNotifier
from apps.alerts.models import Alert, Channel, Delivery, Notice
from apps.alerts.services.delivery import deliver
from apps.alerts.services.delivery.round import drop_old, prepare
from apps.alerts.services.delivery.sending import claim, record
from tests.factories.accounts import TeamFactory, UserFactory
from tests.factories.alert_delivery import channel_of, firing, over, route_to, rule_of

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    """A Wednesday at noon, which the tests move."""
    cache.clear()
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def notifier():
    return FakeNotifier()


def titles(notifier):
    return [message.title for _address, message in notifier.arrived]


def states():
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def test_an_alert_that_fires_is_told_once(notifier):
    route_to(channel_of())
    firing()

    assert deliver(notifier) == 1
    assert deliver(notifier) == 0

    ((_address, message),) = notifier.arrived
    assert message.title == "▲ Memory near its limit: shop_web"
    assert "memory: 94 % (the rule says 90 %)" in message.text
    assert "Most by: shop_web.1 2.0 GiB" in message.text
    assert message.facts["alerts"][0]["object"] == {"kind": "service", "name": "shop_web"}
    assert Channel.objects.get().last_ok_at == NOON


def test_alerts_of_one_group_are_one_message(notifier):
    route_to(channel_of(), wait_s=30)
    for index in range(5):
        firing(f"shop_web.{index}")
    firing("other", group_key="1/stack:other")

    deliver(notifier)
    assert notifier.arrived == []
    with time_machine.travel(NOON + timedelta(seconds=31), tick=False):
        deliver(notifier)

    assert sorted(titles(notifier)) == [
        "▲ 5 alerts in stack shop",
        "▲ Memory near its limit: other",
    ]


def test_what_comes_and_goes_while_it_gathers_is_not_told(notifier, clock):
    route_to(channel_of(), wait_s=30)
    alert = firing()
    deliver(notifier)
    over(alert)
    clock.shift(31)

    deliver(notifier)

    assert notifier.arrived == []
    assert set(Notice.objects.values_list("outcome", flat=True)) == {"passed"}


def test_the_end_says_how_long_it_lasted(notifier, clock):
    route_to(channel_of())
    alert = firing()
    deliver(notifier)
    clock.shift(12 * 60)
    over(alert)

    deliver(notifier)

    assert titles(notifier)[1] == "● Over after 12 min: Memory near its limit, shop_web"
    assert notifier.arrived[1][1].facts["alerts"][0]["state"] == "cleared"


def test_a_route_that_does_not_tell_the_end_stays_quiet(notifier):
    route_to(channel_of(), sends_cleared=False)
    alert = firing()
    deliver(notifier)
    over(alert)

    deliver(notifier)

    assert len(notifier.arrived) == 1


def test_routes_choose_by_severity_rule_stack_and_team(notifier, bob):
    team = TeamFactory(name="shop")
    team.members.add(bob)
    own = rule_of(owner=bob)
    for name, facts in {
        "critical": {"severities": ["critical"]},
        "stacks": {"stacks": "sh*, blog"},
        "off": {"is_enabled": False},
    }.items():
        route_to(channel_of(name=name), name=name, **facts)
    route_to(channel_of(name="rule"), name="rule").rules.set([own])
    route_to(channel_of(name="team"), name="team").teams.set([team])

    firing(severity="critical", group_key="1/node:4")
    firing(rule=own, group_key="1/stack:shop")
    deliver(notifier)

    told = {
        (row.channel_name, row.alerts.get().pk) for row in Delivery.objects.filter(state="sent")
    }
    first, second = Alert.objects.order_by("pk").values_list("pk", flat=True)
    assert told == {("critical", first), ("stacks", second), ("rule", second), ("team", second)}


def test_two_routes_to_one_channel_tell_it_once(notifier):
    channel = channel_of()
    route_to(channel, name="a")
    route_to(channel, name="b")
    firing()

    deliver(notifier)

    assert len(notifier.arrived) == 1


def test_it_is_told_again_until_somebody_acknowledges(notifier, clock):
    route_to(channel_of(), repeat_s=3600)
    alert = firing()
    deliver(notifier)
    clock.shift(3599)
    deliver(notifier)
    assert len(notifier.arrived) == 1

    clock.shift(2)
    deliver(notifier)
    deliver(notifier)
    assert titles(notifier)[1:] == ["▲ Still open: Memory near its limit, shop_web"]

    Alert.objects.filter(pk=alert.pk).update(acknowledged_at=timezone.now())
    clock.shift(7200)
    deliver(notifier)
    assert len(notifier.arrived) == 2


def test_messages_speak_the_channels_language_and_show_its_clock(notifier):
    route_to(channel_of(language="zh-hans", time_zone="Asia/Shanghai"))
    firing()

    deliver(notifier)

    # Noon in Greenwich is eight in the evening in Shanghai.
    assert "20:00" in notifier.arrived[0][1].text


# Attempts


def test_what_fails_is_tried_again_later_and_later_and_then_given_up(notifier, clock):
    channel = channel_of("broken")
    route_to(channel)
    firing()
    waits = []
    deliver(notifier)
    while (row := Delivery.objects.get()).state == "failed":
        waits.append((row.next_at - timezone.now()).total_seconds())
        clock.move_to(row.next_at)
        deliver(notifier)

    assert [
        lowest <= wait <= 1.2 * lowest
        for wait, lowest in zip(waits, (30, 120, 480, 1800, 3600), strict=True)
    ]
    assert (row.state, row.attempts, row.status, row.problem) == ("given_up", 6, 500, "status")
    channel.refresh_from_db()
    assert (channel.failures, channel.has_given_up) == (6, True)


def test_a_target_says_itself_when_to_come_again(notifier):
    notifier.behaviours["busy"] = replace(BEHAVIOURS["busy"], retry_after_s=600)
    route_to(channel_of("busy"))
    firing()

    deliver(notifier)

    assert Delivery.objects.get().next_at == NOON + timedelta(seconds=600)


def test_what_is_wrong_for_good_is_not_tried_again(notifier):
    route_to(channel_of("gone"))
    firing()

    deliver(notifier)

    row = Delivery.objects.get()
    assert (row.state, row.attempts, row.next_at) == ("given_up", 1, None)


def test_an_address_sealed_with_another_key_is_given_up(notifier):
    route_to(channel_of(sealed="nonsense"))
    firing()

    deliver(notifier)

    assert Delivery.objects.get().problem == "invalid"


def test_a_failing_channel_is_asked_by_one_message_at_a_time(notifier):
    route_to(channel_of("broken"))
    firing(group_key="1/stack:a")
    firing(group_key="1/stack:b")

    deliver(notifier)

    assert sorted(Delivery.objects.values_list("state", "attempts")) == [
        ("failed", 1),
        ("waiting", 0),
    ]
    assert Delivery.objects.filter(next_at__gte=NOON + timedelta(seconds=30)).count() == 2


def test_a_channel_that_works_again_is_calm(notifier, clock):
    channel = channel_of("gone")
    route_to(channel)
    firing()
    deliver(notifier)
    notifier.behaviours["gone"] = BEHAVIOURS["ok"]
    firing("other", group_key="1/stack:b")

    deliver(notifier)

    channel.refresh_from_db()
    assert (channel.has_given_up, channel.failures, channel.last_problem) == (False, 0, "")


def test_a_target_that_hangs_keeps_no_other_waiting(clock):
    """The slow one is let go only once the other has its message."""
    arrived = threading.Event()

    class Slow(FakeNotifier):
        def send(self, address, message):
            if address.url.reveal().endswith("hang"):
                assert arrived.wait(20)
                return BEHAVIOURS["hang"]
            arrived.set()
            return BEHAVIOURS["ok"]

    route_to(channel_of("hang"), channel_of("ok"))
    firing()

    assert deliver(Slow()) == 1

    assert dict(Delivery.objects.values_list("channel_name", "state")) == {
        "hang": "failed",
        "ok": "sent",
    }


def test_a_row_is_claimed_once(notifier):
    route_to(channel_of())
    firing()
    prepare()

    (mine,) = claim(8)

    assert claim(8) == []
    assert deliver(notifier) == 0
    assert record(mine, BEHAVIOURS["ok"], now=timezone.now())
    assert states() == ["sent"]


def test_what_a_dead_worker_had_claimed_is_taken_again(notifier, clock):
    route_to(channel_of())
    firing()
    prepare()
    (lost,) = claim(8)
    clock.shift(91)

    assert deliver(notifier) == 1

    # The dead one comes back and has nothing to say any more.
    record(lost, BEHAVIOURS["gone"], now=timezone.now())
    assert Delivery.objects.get().state == "sent"
    assert Delivery.objects.get().attempts == 2


def test_a_round_at_the_same_time_does_nothing(notifier):
    route_to(channel_of())
    firing()
    cache.add("alerts:deliver", "another", timeout=60)

    assert deliver(notifier) == 0
    assert notifier.arrived == []


def test_a_change_is_routed_once_whoever_is_faster(notifier):
    route_to(channel_of())
    alert = firing()
    alert.changes.update(is_told=True)

    deliver(notifier)

    assert not Notice.objects.exists()


def test_history_is_kept_for_its_days(notifier, clock):
    route_to(channel_of())
    firing()
    deliver(notifier)
    clock.shift(89 * 86400)
    assert drop_old() == 0
    clock.shift(2 * 86400)

    assert drop_old() == 1
    assert not Delivery.objects.exists()


def test_the_history_of_a_deleted_channel_keeps_its_name(notifier):
    channel = channel_of(name="ops")
    route_to(channel)
    firing()
    deliver(notifier)

    channel.delete()

    row = Delivery.objects.get()
    assert (row.channel, row.channel_name, row.state) == (None, "ops", "sent")


def test_one_more_person_in_a_team_costs_no_more_queries(notifier, django_assert_max_num_queries):
    route_to(channel_of())
    for index in range(20):
        firing(f"shop_web.{index}", rule=rule_of(owner=UserFactory()))

    with django_assert_max_num_queries(160):
        prepare()
