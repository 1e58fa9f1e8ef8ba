"""What a message takes from the stored usage: the last hour as blocks and as a picture, and links."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest
import time_machine
from django.conf import settings as portal_settings
from django.core.cache import cache

from apps.alerts.adapters.fake import FakeNotifier
from apps.alerts.models import Alert, Delivery
from apps.alerts.selectors.telling import curve_of
from apps.alerts.services.delivery import deliver
from tests.factories.alert_delivery import channel_of, firing, route_to
from tests.factories.alerts import measured, sampled

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    cache.clear()
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def notifier():
    return FakeNotifier()


@pytest.fixture
def public_url(settings):
    configuration = portal_settings.CONFIGURATION
    settings.CONFIGURATION = dataclasses.replace(configuration, public_url="https://portal.test")


def growing(alert, values):
    row = measured(alert.object_kind, alert.object_ref, at=NOON, label=alert.object_label)
    sampled(row, values, metric="memory_bytes", end=NOON, every_s=10)


def test_the_last_hour_is_in_the_text_and_in_the_picture(notifier, public_url):
    route_to(channel_of())
    alert = firing(unit="bytes", bound=300 * 2.0**20)
    growing(alert, [n * 2.0**20 for n in range(1, 361)])

    deliver(notifier)

    ((_address, message),) = notifier.arrived
    (line,) = [line for line in message.text.splitlines() if "last hour" in line]
    # It grew steadily: each block is at least as high as the one before.
    blocks = line.partition(" ")[0]
    assert len(blocks) == 24
    assert list(blocks) == sorted(blocks)
    assert blocks[0] == "▁"
    assert blocks[-1] == "█"
    assert message.picture.startswith(b"\x89PNG")
    assert f"https://portal.test/admin/alerts/alert/{alert.pk}/change/" in message.text


def test_a_channel_without_pictures_gets_the_text_alone(notifier):
    route_to(channel_of(has_picture=False))
    growing(firing(), [1.0, 2.0, 3.0] * 20)

    deliver(notifier)

    ((_address, message),) = notifier.arrived
    assert message.picture is None
    assert "last hour" in message.text


def test_a_gap_stays_a_gap_and_a_pause_between_samples_does_not():
    alert = firing()
    row = measured("service", alert.object_ref, at=NOON)
    # Every minute a sample, and none for the twenty minutes in the middle.
    times = [n for n in range(60) if not 20 <= n < 40]
    for minute in times:
        at = datetime(2026, 11, 25, 11, minute, tzinfo=UTC)
        sampled(row, [5.0], metric="memory_bytes", end=at)

    values = curve_of(Alert.objects.get(pk=alert.pk)).values

    empty = sum(value is None for value in values)
    # A step is 30 s; what is missing is the gap, less what its last sample still stands for.
    assert 30 <= empty <= 40


def test_what_is_no_metric_has_no_chart(notifier):
    route_to(channel_of())
    firing(metric="node_down", unit="yes", object_kind="node")

    deliver(notifier)

    assert Delivery.objects.get().curve == {}
    assert notifier.arrived[0][1].picture is None
