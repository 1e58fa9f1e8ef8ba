"""The heartbeat outwards: sent while all is well, withheld otherwise, taken once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apps.alerts.adapters.fake import FakeNotifier
from apps.alerts.models import EvaluationRound, Heartbeat
from apps.alerts.services import pulse
from dce_portal import heartbeats
from dce_portal.origin import PORTAL
from tests.factories.cluster import NodeFactory

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
SECRET = "https://watch.example.test/ok/very-secret"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def poll_age(monkeypatch):
    """The poll worker was heard of a moment ago, unless a test says otherwise."""
    ages = {"poll": 1.0}
    monkeypatch.setattr(heartbeats, "age_s", ages.get)
    return ages


@pytest.fixture
def notifier():
    return FakeNotifier()


@pytest.fixture
def well(poll_age, notifier):
    """Everything works, and a heartbeat is wished for."""
    EvaluationRound.objects.create(at=NOON, steady_since=NOON)
    NodeFactory(observed_at=NOON)
    wish = {"url": SECRET, "is_enabled": True, "interval_s": 60}
    return pulse.change_heartbeat(**wish, notifier=notifier, origin=PORTAL)


def test_it_is_sent_while_all_is_well_and_not_more_often(well, notifier, clock):
    assert pulse.beat(notifier).is_ok
    assert pulse.beat(notifier) is None
    clock.shift(60)
    EvaluationRound.objects.update(at=NOON + timedelta(seconds=60))
    assert pulse.beat(notifier).is_ok

    assert notifier.pings == [SECRET, SECRET]
    assert Heartbeat.objects.get().arrived_at == NOON + timedelta(seconds=60)


@pytest.mark.parametrize("trouble", ["polls", "engines", "rules"])
def test_it_is_withheld_while_something_is_not(trouble, well, poll_age, notifier, clock):
    if trouble == "polls":
        poll_age["poll"] = 60.0
    if trouble == "rules":
        EvaluationRound.objects.update(at=NOON - timedelta(seconds=121))
    if trouble == "engines":
        clock.shift(121)
        EvaluationRound.objects.update(at=NOON + timedelta(seconds=121))

    assert pulse.beat(notifier) is None

    assert notifier.pings == []
    assert Heartbeat.objects.get().withheld == trouble


def test_rules_that_were_never_looked_at_are_no_sign_of_life(well):
    EvaluationRound.objects.all().delete()

    assert pulse.trouble(NOON) == "rules"


def test_a_portal_without_nodes_may_be_well(poll_age):
    EvaluationRound.objects.create(at=NOON, steady_since=NOON)

    assert pulse.trouble(NOON) == ""


def test_what_went_wrong_is_kept(well, notifier):
    pulse.change_heartbeat(
        url="https://watch.example.test/broken",
        is_enabled=True,
        interval_s=60,
        notifier=notifier,
        origin=PORTAL,
    )

    pulse.beat(notifier)

    row = Heartbeat.objects.get()
    assert (row.last_problem, row.last_status, row.arrived_at) == ("status", 500, None)


def test_one_that_is_off_sends_nothing(well, notifier):
    Heartbeat.objects.update(is_enabled=False)

    assert pulse.beat(notifier) is None
    assert notifier.pings == []
