"""Receivers of samples that trickle, or whose way breaks, hold no worker and no other receiver."""

from __future__ import annotations

import time

import pytest
from django.utils import timezone

from apps.interop.adapters import http_writer
from apps.interop.adapters.http_writer import HttpWriter
from apps.interop.models import RemoteWrite
from apps.interop.services import remote_write
from apps.interop.tasks import write_samples
from tests.standins.receivers import http_receiver

pytestmark = pytest.mark.django_db


def test_a_receiver_that_drips_is_broken_off(monkeypatch):
    monkeypatch.setattr(http_writer, "WHOLE_S", 1.0, raising=False)
    with http_receiver() as receiver:
        begun = time.monotonic()
        writer = HttpWriter(receiver.url("drip"), username="", secret=None)
        answer = writer.send(b"message")
        assert time.monotonic() - begun < 8
        writer.close()
    assert answer.status == 0
    assert answer.said


def test_a_target_that_breaks_keeps_no_other_waiting(monkeypatch):
    for name in ("a", "b"):
        RemoteWrite.objects.create(name=name, url=f"https://{name}.test/write")
    closed = []

    class Writer:
        def __init__(self, target):
            self.target = target

        def close(self):
            closed.append(self.target.name)

    def writer_of(target):
        if target.name == "a":
            raise RuntimeError("password=hunter2")
        return Writer(target)

    remote_write.write_all(writer_of=writer_of)
    broken = RemoteWrite.objects.get(name="a")
    assert closed == ["b"]
    assert (broken.state, broken.failures, broken.busy_until) == ("behind", 1, None)
    assert broken.next_try_at > timezone.now()
    assert "hunter2" not in broken.problem


def test_a_lease_outlasts_the_task():
    assert remote_write.LEASE.total_seconds() > write_samples.time_limit
