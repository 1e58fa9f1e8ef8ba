"""Delivery over the real notifier to real servers: one that hangs blocks no other, mail comes with its picture."""

from __future__ import annotations

import json
import time

import pytest
from django.core.cache import cache

from apps.alerts.adapters.notifier import ProcessNotifier
from apps.alerts.models import Delivery
from apps.alerts.services.delivery import deliver
from dce_portal.sealing import seal
from dce_portal.secret import Secret
from tests.factories.alert_delivery import channel_of, firing, route_to
from tests.standins.receivers import http_receiver, mail_server

pytestmark = pytest.mark.django_db

TIME_LIMIT_S = 10.0


def test_a_webhook_that_hangs_costs_its_time_limit_and_nobody_elses():
    cache.clear()
    with http_receiver() as receiver, mail_server() as mailbox:
        mail = {
            "host": "127.0.0.1",
            "port": str(mailbox.port),
            "security": "none",
            "sender": "portal@example.test",
            "recipients": "ops@example.test",
        }
        hangs = [channel_of(name=f"hangs {n}", url=receiver.url("hang")) for n in range(3)]
        works = channel_of(name="works", url=receiver.url("ok"))
        ops = channel_of(name="ops", kind="mail", sealed=seal(Secret(json.dumps(mail))))
        route_to(*hangs, works, ops)
        firing()
        begun = time.monotonic()

        assert deliver(ProcessNotifier(allow_private=True, time_limit_s=TIME_LIMIT_S)) == 2

        took_s = time.monotonic() - begun
        answered = [one for one in receiver.requests if one.path == "/ok"]

    # Those that hang waited side by side, and all of it was one round.
    hung = Delivery.objects.filter(state="failed")
    assert took_s < sum(row.duration_ms for row in hung) / 1000
    states = dict(Delivery.objects.values_list("channel_name", "state"))
    assert states == {
        "hangs 0": "failed",
        "hangs 1": "failed",
        "hangs 2": "failed",
        "works": "sent",
        "ops": "sent",
    }
    sent = Delivery.objects.get(channel=works)
    assert answered[0].headers["X-DCE-Delivery"] == str(sent.uid)
    assert answered[0].json["delivery"] == str(sent.uid)
    assert mailbox.mails[0]["subject"] == sent.title
    assert set(Delivery.objects.filter(state="failed").values_list("problem", flat=True)) == {
        "timeout"
    }
