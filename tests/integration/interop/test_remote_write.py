"""Remote write: nothing is lost while a target is away, nothing is sent twice, refusals are told."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from apps.interop.models import RemoteWrite
from apps.interop.ports import WriteAnswer
from apps.interop.selectors import streams
from apps.interop.services.remote_write import write_all, write_to
from apps.metrics.models import Sample
from tests.factories.metrics import poll, polls
from tests.integration.interop.conftest import NOW, START
from tests.standins.protobuf import read_request

pytestmark = pytest.mark.usefixtures("_at_that_time")
OK = WriteAnswer(204)


class FakeWriter:
    """Answers as it is told, the last answer again and again; keeps what it took."""

    def __init__(self, *answers: WriteAnswer) -> None:
        self.answers = list(answers or [OK])
        self.requests: list[list[tuple[dict[str, str], list[tuple[int, float]]]]] = []
        self.taken: dict[tuple[tuple[str, str], ...], list[int]] = {}
        self.is_closed = False

    def __call__(self, target: RemoteWrite) -> FakeWriter:
        return self

    def send(self, message: bytes) -> WriteAnswer:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        request = read_request(message)
        self.requests.append(request)
        if answer.status < 300 and answer.status:
            for labels, samples in request:
                kept = self.taken.setdefault(tuple(sorted(labels.items())), [])
                kept += [at_ms // 1000 for at_ms, _value in samples]
        return answer

    def close(self) -> None:
        self.is_closed = True

    def moments(self, name: str, **labels: str) -> list[int]:
        wanted = {"__name__": name, **labels}.items()
        (found,) = [v for k, v in self.taken.items() if wanted <= dict(k).items()]
        return found


@pytest.fixture
def target(db):
    with time_machine.travel(START - timedelta(seconds=1), tick=False):
        return RemoteWrite.objects.create(name="far", url="http://far.test/write")


def state(target: RemoteWrite) -> RemoteWrite:
    target.refresh_from_db()
    return target


def every(first: int, last: int, step: int = 10) -> list[int]:
    base = int(START.timestamp())
    return list(range(base + first, base + last + 1, step))


def stored_samples() -> int:
    """Known figures in the raw table."""
    rows = Sample.objects.values_list(*streams.MEASURES)
    return sum(value is not None for row in rows for value in row)


def test_each_known_figure_is_written_once_in_the_order_of_time(measured, target):
    measured(2)
    writer = FakeWriter()

    taken = write_all(writer_of=writer)

    assert taken == stored_samples() == sum(map(len, writer.taken.values()))
    assert writer.moments("dce_node_memory_usage_bytes", node="node-1") == every(0, 180)
    labels = [dict(key) for key in writer.taken]
    assert {one["cluster"] for one in labels} == {"prod"}
    assert {"dce_service_cpu_usage_cores", "dce_cluster_cpu_usage_cores"} <= {
        one["__name__"] for one in labels
    }
    assert writer.is_closed
    assert (state(target).state, target.samples_sent, target.problem) == ("writing", taken, "")
    assert target.written_to == NOW


def test_what_was_written_is_not_written_again(measured, target):
    nodes = measured(1)
    writer = FakeWriter()
    write_all(writer_of=writer)
    assert write_all(writer_of=writer) == 0

    with time_machine.travel(NOW + timedelta(seconds=10), tick=False):
        polls(nodes, start=NOW + timedelta(seconds=10), count=1)
        write_all(writer_of=writer)

    found = writer.moments("dce_node_memory_usage_bytes", node="node-1")
    assert found == every(0, 190)


def test_a_target_that_was_away_gets_everything(measured, target):
    measured(2)
    away = FakeWriter(WriteAnswer(0, "ConnectionError"))
    assert write_all(writer_of=away) == 0
    assert (state(target).state, target.failures) == ("behind", 1)
    assert "ConnectionError" in target.problem
    assert target.next_try_at == NOW + timedelta(seconds=5)
    assert write_all(writer_of=away) == 0
    assert len(away.requests) == 1  # its time has not come

    with time_machine.travel(NOW + timedelta(seconds=6), tick=False):
        back = FakeWriter()
        assert write_all(writer_of=back) == stored_samples()
    assert (state(target).state, target.failures, target.problem) == ("writing", 0, "")


def test_samples_that_come_late_for_one_node_are_written_too(measured, target):
    """An agent that was cut off brings its last minutes after the others were written."""
    _one, other = measured(2)
    writer = FakeWriter()
    late = Sample.objects.filter(object__node_ref=other.pk) | Sample.objects.filter(
        object__kind="node", object__ref=other.pk
    )
    kept = list(late)
    late.delete()
    write_all(writer_of=writer)

    Sample.objects.bulk_create(kept)
    write_all(writer_of=writer)

    assert writer.moments("dce_node_memory_usage_bytes", node="node-2") == every(0, 180)
    assert sum(map(len, writer.taken.values())) == stored_samples()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_the_receivers_own_pause_is_kept(status, measured, target):
    measured(1)
    write_all(writer_of=FakeWriter(WriteAnswer(status, "busy", "40")))

    assert state(target).next_try_at == NOW + timedelta(seconds=40)
    assert (target.state, target.samples_sent, target.cursors.count()) == ("behind", 0, 0)


def test_a_wrong_credential_holds_and_loses_nothing(measured, target):
    measured(1)
    write_all(writer_of=FakeWriter(WriteAnswer(401, "unauthorized")))
    assert (state(target).state, target.samples_refused) == ("held", 0)
    assert "401" in target.problem

    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        assert write_all(writer_of=FakeWriter()) == stored_samples()


def test_what_is_refused_for_itself_is_dropped_and_takes_no_others_along(measured, target):
    """The first request is refused, then each stream alone: one is refused again."""
    measured(2)
    bad = WriteAnswer(400, "out of order sample")
    writer = FakeWriter(bad, bad, OK)

    taken = write_all(writer_of=writer)

    lost = sum(len(samples) for _labels, samples in writer.requests[1])
    assert lost > 0
    assert taken == stored_samples() - lost
    assert (state(target).samples_refused, target.state) == (lost, "writing")
    assert "out of order" in target.refusal
    assert write_all(writer_of=writer) == 0


def test_a_long_backlog_comes_in_parts(measured, target, monkeypatch):
    monkeypatch.setattr(streams, "PART_ROWS", 5)
    monkeypatch.setattr(streams, "PART_S", 45)
    measured(2)
    writer = FakeWriter()

    assert write_all(writer_of=writer) == stored_samples()
    assert writer.moments("dce_node_memory_usage_bytes", node="node-2") == every(0, 180)


def test_more_rows_of_one_moment_than_a_part_has_are_not_cut(measured, target, monkeypatch):
    monkeypatch.setattr(streams, "PART_ROWS", 1)
    measured(1)

    assert write_all(writer_of=FakeWriter()) == stored_samples()


def test_time_that_is_up_leaves_the_rest_for_the_next_run(measured, target):
    measured(1)
    assert write_to(target.pk, writer_of=FakeWriter(), run_s=0.0) == 0
    assert state(target).written_to < NOW
    assert target.busy_until is None
    assert write_to(target.pk, writer_of=FakeWriter()) == stored_samples()


def test_only_one_process_writes_to_a_target(measured, target):
    measured(1)
    RemoteWrite.objects.update(busy_until=NOW + timedelta(seconds=5))
    assert write_all(writer_of=FakeWriter()) == 0


def test_a_target_that_is_off_is_left_alone(measured, target):
    measured(1)
    RemoteWrite.objects.update(is_active=False)
    assert write_all(writer_of=FakeWriter()) == 0


def test_a_new_target_begins_with_the_present(measured, db):
    RemoteWrite.objects.create(name="far", url="http://far.test/write")  # at NOW
    nodes = measured(1)
    assert write_all(writer_of=FakeWriter()) == 0

    with time_machine.travel(NOW + timedelta(seconds=10), tick=False):
        polls(nodes, start=NOW + timedelta(seconds=10), count=1)
        writer = FakeWriter()
        write_all(writer_of=writer)
    assert writer.moments("dce_node_memory_usage_bytes") == every(190, 190)


def test_the_portals_label_is_on_every_series(measured, target):
    measured(1)
    RemoteWrite.objects.update(portal_label="lab")
    writer = FakeWriter()
    write_all(writer_of=writer)
    assert {dict(key)["portal"] for key in writer.taken} == {"lab"}


def test_queries_of_a_run_do_not_grow_with_the_containers(
    measured, target, django_assert_max_num_queries
):
    measured(4)
    with django_assert_max_num_queries(90):
        write_all(writer_of=FakeWriter())


def test_a_node_without_news_is_asked_nothing(measured, target):
    (node,) = measured(1)
    write_all(writer_of=FakeWriter())
    assert streams.streams_behind(target) == []
    with time_machine.travel(NOW + timedelta(seconds=10), tick=False):
        poll(node, at=NOW + timedelta(seconds=10), memory=polls([], start=NOW, count=0))
        assert [one.stream for one in streams.streams_behind(target)] == [node.pk]
