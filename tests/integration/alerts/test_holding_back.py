"""Quiet hours and silences: what is held, what is recorded, and what is told at their end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache

from apps.alerts.adapters.fake import FakeNotifier
from apps.alerts.models import Delivery, QuietHours, Silence
from apps.alerts.services.delivery import deliver
from tests.factories.alert_delivery import channel_of, firing, over, route_to

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


def quiet(**facts):
    values = {"name": "lunch", "days": [0, 1, 2, 3, 4], "begins": "11:00", "ends": "14:00"}
    row = QuietHours.objects.create(**{**values, **facts})
    row.refresh_from_db()
    return row


def test_quiet_hours_hold_messages_and_a_catch_up_tells_what_is_open_and_what_went(notifier, clock):
    route_to(channel_of())
    quiet()
    still, gone = firing("shop_web"), firing("shop_db", group_key="1/stack:db")
    deliver(notifier)
    assert (notifier.arrived, states()) == ([], ["held", "held"])
    assert Delivery.objects.first().because == "lunch"
    clock.shift(600)
    over(gone)
    deliver(notifier)
    clock.move_to(datetime(2026, 11, 25, 14, tzinfo=UTC))

    deliver(notifier)

    (message,) = [message for _address, message in notifier.arrived]
    assert message.title == "▲ While it was quiet: 1 still open, 1 came and went"
    open_part, _head, gone_part = message.text.partition("Came and went:")
    assert "shop_web" in open_part
    assert "over after 10 min: Memory near its limit, shop_db" in gone_part
    assert {still.pk, gone.pk} == {one["id"] for one in message.facts["alerts"]}
    assert states().count("caught_up") == 3


def test_what_is_grave_breaks_through(notifier):
    route_to(channel_of())
    quiet()
    firing(severity="critical")

    deliver(notifier)

    assert len(notifier.arrived) == 1


def test_quiet_hours_of_another_channel_hold_nothing(notifier):
    route_to(channel_of())
    quiet().channels.add(channel_of(name="other"))
    firing()

    deliver(notifier)

    assert len(notifier.arrived) == 1


def test_quiet_hours_that_are_switched_off_end_at_once(notifier):
    route_to(channel_of())
    row = quiet()
    firing()
    deliver(notifier)
    row.is_enabled = False
    row.save()

    deliver(notifier)

    assert titles(notifier) == ["▲ While it was quiet: 1 still open, 0 came and went"]


def silence(**facts):
    values = {"begins_at": NOON, "ends_at": NOON + timedelta(hours=1), "reason": "upgrade"}
    return Silence.objects.create(**{**values, **facts})


@pytest.mark.parametrize(
    "facts",
    [
        {"object_label": "shop_*"},
        {"object_label": "shop_web"},
        {"object_kind": "service", "object_label": "shop_web"},
    ],
)
def test_a_silence_records_and_does_not_tell(notifier, facts):
    route_to(channel_of())
    silence(**facts)
    firing()

    deliver(notifier)

    assert notifier.arrived == []
    row = Delivery.objects.get()
    assert (row.state, row.alerts.count()) == ("silenced", 1)
    assert row.because


def test_a_silence_for_others_changes_nothing(notifier):
    route_to(channel_of())
    silence(object_label="blog")
    silence(object_kind="node", object_label="shop_web")
    firing()

    deliver(notifier)

    assert len(notifier.arrived) == 1


def test_what_is_open_when_a_silence_ends_is_told_then(notifier, clock):
    route_to(channel_of())
    silence(object_label="shop_*")
    gone = firing("shop_db", group_key="1/stack:db")
    firing("shop_web")
    deliver(notifier)
    over(gone)
    clock.shift(3600)

    deliver(notifier)
    deliver(notifier)

    assert titles(notifier) == ["▲ Memory near its limit: shop_web"]
