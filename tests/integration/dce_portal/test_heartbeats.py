"""Signs of life: a process counts as heard of from its start, in a real Redis."""

from __future__ import annotations

import pytest
import redis

from dce_portal import heartbeats, live, worker_signals


class _Sender:
    """As much of a Celery worker as the signal looks at: the queues that it takes from."""

    def __init__(self, *queues):
        self.app = self
        self.conf = self
        self.amqp = self
        self.queues = self
        self.task_default_queue = "default"
        self.consume_from = queues


@pytest.fixture
def store(redis_server, monkeypatch):
    client = redis.Redis.from_url(redis_server.url)
    client.flushdb()
    monkeypatch.setattr(live, "client", lambda: client)
    yield client
    client.close()


@pytest.mark.redis
@pytest.mark.parametrize(("queue", "name"), [("default", "worker"), ("poll", "poll")])
def test_a_worker_is_heard_of_when_it_starts(store, queue, name):
    assert heartbeats.age_s(name) is None
    worker_signals.tell_worker(sender=_Sender(queue))
    assert heartbeats.age_s(name) < heartbeats.FRESH_S
    assert heartbeats.age_s(heartbeats.BEAT) is None


@pytest.mark.redis
def test_beat_is_heard_of_when_it_starts(store):
    worker_signals.tell_beat()
    assert heartbeats.age_s(heartbeats.BEAT) < heartbeats.FRESH_S
