"""A receiver that is mistyped, broken or slow keeps the audit from no other."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import AuditEvent
from apps.forwarding.adapters import syslog, webhook
from apps.forwarding.adapters.webhook import Webhook
from apps.forwarding.models import Forward
from apps.forwarding.services.sending import LEASE, send_to_all
from apps.forwarding.tasks import send_audit_on
from tests.factories.accounts import AuditEventFactory
from tests.standins.receivers import http_receiver
from tests.standins.syslog import tcp_receiver

pytestmark = pytest.mark.django_db
TOO_LONG = "x" * 64 + ".test"


def forward_to(address, name, kind="syslog-tcp"):
    latest = AuditEvent.objects.order_by("pk").last()
    before = latest.pk if latest else 0
    return Forward.objects.create(name=name, kind=kind, address=address, sent_to=before)


@pytest.mark.parametrize("kind", ["syslog-tcp", "syslog-tls", "syslog-udp", "webhook"])
def test_a_mistyped_host_keeps_the_audit_from_no_other(kind):
    """A label of more than 63 letters is no OSError, but one of the codec that makes it fit for DNS."""
    with tcp_receiver() as receiver:
        address = f"http://{TOO_LONG}/" if kind == "webhook" else f"{TOO_LONG}:514"
        bad = forward_to(address, "a", kind)
        good = forward_to(receiver.address, "b")
        AuditEventFactory(at=timezone.now() - timedelta(minutes=1))
        send_audit_on()
        assert len(receiver.take(1)) == 1
    for row in (bad, good):
        row.refresh_from_db()
    assert (bad.state, bad.failures, good.state) == ("behind", 1, "sending")
    assert bad.problem


def test_a_receiver_that_breaks_keeps_the_audit_from_no_other():
    """Whatever it is: it is noted, paused, and the next one's turn."""
    broken, good = forward_to("a:1", "a"), forward_to("b:1", "b")
    AuditEventFactory(at=timezone.now() - timedelta(minutes=1))

    class Sink:
        def send(self, records):
            return ""

    def sink_of(forward):
        if forward.name == "a":
            raise RuntimeError("password=hunter2")
        return Sink()

    assert send_to_all(sink_of=sink_of) == 1
    for row in (broken, good):
        row.refresh_from_db()
    assert (broken.state, broken.failures, broken.busy_until) == ("behind", 1, None)
    assert broken.next_try_at > timezone.now()
    assert "hunter2" not in broken.problem


def test_a_webhook_that_drips_is_broken_off(monkeypatch):
    monkeypatch.setattr(webhook, "WHOLE_S", 1.0, raising=False)
    with http_receiver() as receiver:
        begun = time.monotonic()
        problem = Webhook(receiver.url("drip"), key=None).send([{"id": 1}])
        assert time.monotonic() - begun < 8
    assert problem


def test_a_lease_outlasts_the_task():
    """Else a second worker would send the same entries beside the first."""
    assert LEASE.total_seconds() > send_audit_on.time_limit
    assert LEASE.total_seconds() > syslog.SEND_S
