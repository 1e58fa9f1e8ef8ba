"""Rounds of sending: one at a time, fair, each result kept as it comes, and an end to everything."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from apps.webhooks import backends, tasks
from apps.webhooks.adapters.fake import FakeHook
from apps.webhooks.models import Webhook, WebhookDelivery
from apps.webhooks.ports import HookAnswer
from apps.webhooks.rules.sending import MOST_ATTEMPTS
from apps.webhooks.services import raise_event, sending
from apps.webhooks.services.hooks import save_hook
from apps.webhooks.services.sending import MOST_FOR_ONE, send_due
from dce_portal.origin import PORTAL

pytestmark = pytest.mark.django_db


def hook_of(name, **more):
    hook = Webhook(name=name)
    values = {"url": f"https://{name}.test/hook", "kinds": ["push"], **more}
    save_hook(hook, values, key="a key of the tests, long enough", origin=PORTAL)
    return hook


def test_rounds_take_turns(monkeypatch):
    """Each holds one of the worker's few hands for as long as receivers hang."""
    port = FakeHook()
    monkeypatch.setattr(backends, "hook", lambda: port)
    hook_of("ci")
    raise_event("push", {}, repository="team/app")
    cache.add(tasks.LOCK, 1)
    tasks.send_waiting()
    assert port.sent == []
    cache.delete(tasks.LOCK)
    tasks.send_waiting()
    assert len(port.sent) == 1
    assert cache.get(tasks.LOCK) is None


def test_what_is_being_sent_to_a_receiver_counts_against_it():
    slow = hook_of("slow")
    for _number in range(MOST_FOR_ONE + 3):
        raise_event("push", {}, repository="team/app")
    first = slow.deliveries.order_by("pk").values("pk")[:MOST_FOR_ONE]
    WebhookDelivery.objects.filter(pk__in=list(first.values_list("pk", flat=True))).update(
        state="sending", lease_until=timezone.now() + timedelta(minutes=1)
    )
    assert send_due(FakeHook()) == 0


def test_a_long_queue_for_one_receiver_hides_no_other():
    many, other = hook_of("many", patterns="team/*"), hook_of("other", patterns="other/*")
    raise_event("push", {}, repository="team/app")
    facts = WebhookDelivery.objects.values("kind", "repository", "body", "next_at").get()
    WebhookDelivery.objects.bulk_create(WebhookDelivery(webhook=many, **facts) for _ in range(400))
    raise_event("push", {}, repository="other/app")
    send_due(FakeHook())
    assert other.deliveries.get().state == "sent"


def test_a_result_is_noted_as_soon_as_it_comes(monkeypatch):
    """A round that is broken off at its slowest receiver must not forget what the others took."""
    hook_of("fast"), hook_of("slow")
    raise_event("push", {}, repository="team/app")
    noted, waited, real = threading.Event(), [], sending._note

    def note(row, answer):
        real(row, answer)
        noted.set()

    class Port:
        def send(self, message):
            if "slow" in message.url:
                waited.append(noted.wait(5))
            return HookAnswer(status=200)

    monkeypatch.setattr(sending, "_note", note)
    assert send_due(Port()) == 2
    assert waited == [True]


def test_one_that_cannot_be_sent_takes_no_other_with_it(monkeypatch):
    broken, good = hook_of("broken"), hook_of("good")
    Webhook.objects.filter(pk=broken.pk).update(sealed_key="not sealed by this portal")
    raise_event("push", {}, repository="team/app")
    monkeypatch.setattr(sending, "unseal", _unseal_only(good.sealed_key))
    send_due(FakeHook())
    assert good.deliveries.get().state == "sent"
    row = broken.deliveries.get()
    assert (row.state, row.problem) == ("failed", "portal")


def _unseal_only(sealed):
    from dce_portal.sealing import unseal

    def opened(text):
        if text != sealed:
            raise ValueError(text)
        return unseal(text)

    return opened


def test_what_breaks_its_worker_each_time_is_given_up():
    hook_of("ci")
    raise_event("push", {}, repository="team/app")
    past = timezone.now() - timedelta(seconds=1)
    WebhookDelivery.objects.update(state="sending", attempts=MOST_ATTEMPTS, lease_until=past)
    port = FakeHook()
    assert send_due(port) == 0
    row = WebhookDelivery.objects.get()
    assert (port.sent, row.state, row.next_at) == ([], "given_up", None)
    assert row.finished_at is not None
