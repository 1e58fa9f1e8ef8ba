"""What agents' answers become: rows, samples at their own time, minutes, and states of one node alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import OperationalError

from apps.metrics import agent_frames, bulk
from apps.metrics.models import MetricObject, MinuteSample, Sample
from apps.nodes.adapters.agent import Agent
from apps.nodes.models import Cluster, ClusterEvent, EngineEndpoint, Node
from apps.nodes.polling.agents import AgentAsker, AgentBatch
from apps.nodes.ports import EngineAddress
from apps.workloads.models import Container
from dce_portal import live
from dce_portal.errors import Unavailable
from dce_portal.live import Frame
from tests.factories.agents import ENGINE, INFO, agent_answer, container_entry, lists

pytestmark = pytest.mark.django_db

BUSY = {"cpu_cores": 0.5, "memory_bytes": 100.0, "pids": 3}


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent_frames, "remembered_topics", frozenset)


async def here(work: Any) -> Any:
    """The database's thread of these tests is the test's own."""
    return await sync_to_async(work)()


class Told(Agent):
    """An agent that answers what the test has put in, and notes what it was asked."""

    def __init__(self, url: str) -> None:
        super().__init__(EngineAddress(url))
        self.answers: list[dict[str, Any] | Exception] = []
        self.asked: list[dict[str, str]] = []
        self._http.read = self._read  # type: ignore[method-assign] # no socket in these tests

    async def _read(self, _path: str, **parameters: str) -> object:
        self.asked.append(parameters)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Bench:
    """One address with its agent; `restart` is what another worker does."""

    def __init__(self, url: str = "tcp://10.0.0.1:12376") -> None:
        self.row = EngineEndpoint.objects.create(kind="agent", url=url, server_name="a.dce")
        self.restart()

    def restart(self) -> None:
        self.agent = Told(self.row.url)
        self.asker = AgentAsker(self.row.pk, self.agent, here, AgentBatch(here))

    def ask(self, *answers: dict[str, Any] | Exception) -> bool:
        self.agent.answers = list(answers)
        return bool(async_to_sync(self.asker.ask)(with_images=False))

    @property
    def node(self) -> Node:
        self.row.refresh_from_db()
        assert self.row.node is not None
        return self.row.node


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def now_s() -> int:
    """This moment, to the second."""
    return int(time.time())


def first(at_s: list[float], **values: Any) -> dict[str, Any]:
    """The answer to a reader that is new."""
    known = {"reset": True, "lists": lists(container_entry("c1")), "cursor": "boot:1"}
    return agent_answer(at_unix_ms=as_ms(at_s), containers={"c1": BUSY}, **known | values)


def then(at_s: list[float], **values: Any) -> dict[str, Any]:
    return agent_answer(at_unix_ms=as_ms(at_s), containers={"c1": BUSY}, **values)


def as_ms(at_s: list[float]) -> list[int]:
    return [int(moment * 1000) for moment in at_s]


def moments(kind: str = "container") -> list[int]:
    rows = Sample.objects.filter(object__kind=kind).order_by("at_s")
    return list(rows.values_list("at_s", flat=True))


def kinds() -> list[str]:
    return list(ClusterEvent.objects.order_by("pk").values_list("kind", flat=True))


def test_an_answer_becomes_a_node_its_containers_and_samples(bench: Bench, now_s: int) -> None:
    assert bench.ask(first([now_s - 5, now_s]))
    node = bench.node
    assert (node.hostname, node.kernel, node.cgroup_version) == ("node-1", "6.12.0", 2)
    assert node.agent_version == "0.1.0"
    assert node.has_console is False
    assert node.swarm_certificate_expires_at == datetime.fromtimestamp(1_900_000_000, tz=UTC)
    assert node.is_fresh
    assert bench.row.cursor == "boot:1"
    container = MetricObject.objects.get(kind="container")
    assert (container.ref, container.source) == (Container.objects.get().pk, "agent")
    assert (container.cpu_cores, container.pids) == (0.5, 3)
    host = MetricObject.objects.get(kind="node")
    assert (host.ref, host.source) == (node.pk, "agent")
    assert (host.cpu_cores, host.memory_bytes) == (2.0, 600)
    assert moments() == moments("node") == [now_s - 5, now_s]


def test_later_answers_add_to_it_and_another_worker_goes_on_from_the_cursor(
    bench: Bench, now_s: int
) -> None:
    bench.ask(first([now_s - 20]))
    bench.ask(then([now_s - 15], cursor="boot:2"))
    assert [one["since"] for one in bench.agent.asked] == ["", "boot:1"]
    bench.restart()
    change = {"number": 9, "kind": "container", "id": "c2", "entry": container_entry("c2")}
    bench.ask(then([now_s - 10], cursor="boot:3", changes=[change]))
    assert bench.agent.asked == [{"since": "boot:2"}]
    assert set(Container.objects.values_list("native_id", flat=True)) == {"c1", "c2"}
    assert moments() == [now_s - 20, now_s - 15, now_s - 10]


def test_what_is_told_twice_is_stored_once(bench: Bench, now_s: int) -> None:
    bench.ask(first([now_s - 10, now_s - 5]))
    bench.ask(first([now_s - 10, now_s - 5, now_s], now_unix_ms=int(time.time() * 1000) + 300))
    assert moments() == [now_s - 10, now_s - 5, now_s]


def test_a_cut_node_fills_its_gap_and_its_minutes_are_summed_up_again(
    bench: Bench, now_s: int
) -> None:
    minute_s = now_s - now_s % 60
    bench.ask(first([minute_s - 300, minute_s - 180, minute_s]))
    assert not bench.ask(Unavailable("Cut off."))
    assert not bench.node.is_fresh
    assert bench.node.stale_reason == "Cut off."
    missed = [minute_s - 120 + 5 * number for number in range(24)]
    parts = [then(missed[:10], cursor="boot:5", more=True), then(missed[10:], cursor="boot:6")]
    assert bench.ask(*parts)
    assert bench.node.is_fresh
    assert set(missed) <= set(moments())
    counts = MinuteSample.objects.filter(object__kind="container", minute_s__gte=minute_s - 120)
    assert dict(counts.values_list("minute_s", "cpu_cores_count")) == {
        minute_s - 120: 12,
        minute_s - 60: 12,
    }
    assert bench.ask(then(missed[3:6], cursor="boot:7"))
    assert counts.get(minute_s=minute_s - 120).cpu_cores_sum == 12 * 0.5


def test_a_clock_two_hours_off_is_corrected_and_told(bench: Bench, now_s: int) -> None:
    ahead = 7200
    bench.ask(first([now_s + ahead - 5, now_s + ahead], now_unix_ms=(now_s + ahead) * 1000))
    assert bench.node.clock_skew_s == pytest.approx(ahead, abs=30)
    assert all(abs(at_s - now_s) < 40 for at_s in moments())
    assert moments()[1] - moments()[0] == 5
    assert "node.clock_wrong" in kinds()
    bench.ask(then([now_s], cursor="boot:2"))
    assert abs(bench.node.clock_skew_s or 0) < 40
    assert kinds().count("node.clock_wrong") == 1
    assert "node.clock_right" in kinds()


def test_a_clock_that_jumps_between_two_samples_makes_no_gap(bench: Bench, now_s: int) -> None:
    raw = first([now_s - 7210, now_s - 7205, now_s])
    raw["ticks"]["interval_ms"] = [None, 5000, 5000]
    bench.ask(raw)
    assert moments() == [now_s - 10, now_s - 5, now_s]


def test_samples_from_the_future_are_not_stored(bench: Bench, now_s: int) -> None:
    bench.ask(first([now_s, now_s + 3600]))
    assert moments() == [now_s]


def test_while_the_database_is_gone_agents_keep_their_samples(
    bench: Bench, now_s: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.ask(first([now_s - 400]))
    with monkeypatch.context() as gone:
        gone.setattr(bulk, "insert_samples", _no_database)
        for number in range(3):
            with pytest.raises(OperationalError):
                bench.ask(then([now_s - 300 + 60 * number], cursor=f"boot:{number + 7}"))
    missed = [now_s - 390 + 10 * number for number in range(39)]
    bench.ask(then(missed, cursor="boot:50"))
    assert [one["since"] for one in bench.agent.asked] == ["", *["boot:1"] * 4]
    assert moments() == [now_s - 400, *missed]
    counted = MinuteSample.objects.filter(object__kind="container").order_by("minute_s")
    ended_s = missed[-1] - missed[-1] % 60
    assert sum(row.cpu_cores_count for row in counted) == sum(
        at_s < ended_s for at_s in [now_s - 400, *missed]
    )


def _no_database(*_arguments: object) -> None:
    raise OperationalError("The server closed the connection.")


def test_what_no_machine_can_have_is_a_gap(bench: Bench, now_s: int) -> None:
    wrong = {"cpu_cores": 2.0**40, "memory_bytes": 2.0**65, "pids": 3}
    raw = agent_answer(
        at_unix_ms=as_ms([now_s]),
        containers={"c1": wrong},
        reset=True,
        lists=lists(container_entry("c1")),
        cursor="boot:1",
    )
    bench.ask(raw)
    row = Sample.objects.get(object__kind="container")
    assert (row.cpu_cores, row.memory_bytes, row.pids) == (None, None, 3)
    assert Sample.objects.get(object__kind="node").memory_bytes == 600


def test_a_hung_engine_leaves_the_node_fresh_and_is_said(bench: Bench, now_s: int) -> None:
    bench.ask(first([now_s - 10]))
    hung = ENGINE | {"answers": False, "reason": "It hangs."}
    assert bench.ask(then([now_s - 5], cursor="boot:2", engine=hung))
    assert bench.node.is_fresh
    assert "the engine does not answer it since" in bench.row.last_error
    assert "It hangs." in bench.row.last_error
    assert Container.objects.count() == 1
    assert moments() == [now_s - 10, now_s - 5]
    bench.ask(then([now_s], cursor="boot:3"))
    bench.row.refresh_from_db()
    assert bench.row.last_error == ""
    assert [kind for kind in kinds() if "engine" in kind] == [
        "node.engine_silent",
        "node.engine_back",
    ]


def test_an_agent_restarted_beside_a_hung_engine_keeps_what_was_known(
    bench: Bench, now_s: int
) -> None:
    bench.ask(first([now_s - 10]))
    silent = {"answers": False, "reason": "It hangs.", "since_unix_ms": 0, "info": None}
    assert bench.ask(first([now_s], lists=lists(), engine=silent, cursor="other:1"))
    assert Container.objects.count() == 1
    assert moments() == [now_s - 10, now_s]


def test_an_open_chart_is_told_of_samples_that_only_the_history_has(
    bench: Bench,
    now_s: int,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    bench.ask(first([now_s - 60]))
    frames: list[Frame] = []
    monkeypatch.setattr(live, "publish_many", frames.extend)
    topic = f"node:{bench.node.pk}"
    monkeypatch.setattr(agent_frames, "remembered_topics", lambda: frozenset({topic}))
    with django_capture_on_commit_callbacks(execute=True):
        bench.ask(then([float(now_s - 50 + second) for second in range(40)], cursor="boot:2"))
    told = [frame.data for frame in frames if frame.data.get("type") == "usage"]
    assert [data["at"] for data in told] == list(range(now_s - 25, now_s - 10))
    assert [data.get("skipped") for data in told] == [25, *[None] * 14]


def test_an_engine_upgraded_between_two_polls_is_the_same_node(bench: Bench, now_s: int) -> None:
    bench.ask(first([now_s - 5]))
    before = bench.node
    newer = ENGINE | {"info": INFO | {"ServerVersion": "29.0.0", "ApiVersion": "1.52"}}
    bench.ask(then([now_s], cursor="boot:2", engine=newer))
    assert bench.node.pk == before.pk
    assert bench.node.engine_version == "29.0.0"
    assert bench.row.api_version == "1.52"


def test_copies_of_a_machine_are_told_apart_by_their_hostname(now_s: int) -> None:
    one, two = Bench("tcp://10.0.0.1:12376"), Bench("tcp://10.0.0.2:12376")
    one.ask(first([now_s]))
    other = ENGINE | {"info": INFO | {"Name": "node-2"}}
    two.ask(first([now_s], engine=other))
    assert one.node.pk != two.node.pk
    assert {one.node.hostname, two.node.hostname} == {"node-1", "node-2"}


def test_nodes_of_a_swarm_are_told_apart_by_their_id_alone(now_s: int) -> None:
    cluster = Cluster.objects.create(name="swarm", kind="swarm", native_id="swarm-1")
    found = []
    for number in (1, 2):
        swarm = {"NodeID": f"n{number}", "LocalNodeState": "active", "Cluster": {"ID": "swarm-1"}}
        bench = Bench(f"tcp://10.0.0.{number}:12376")
        bench.ask(first([now_s], engine=ENGINE | {"info": INFO | {"Swarm": swarm}}))
        found.append(bench.node)
    assert {node.native_id for node in found} == {"n1", "n2"}
    assert {node.cluster_id for node in found} == {cluster.pk}


def test_a_second_agent_of_one_node_says_so_and_spoils_nothing(now_s: int) -> None:
    one, two = Bench("tcp://10.0.0.1:12376"), Bench("tcp://10.0.0.2:12376")
    one.ask(first([now_s]))
    two.ask(first([now_s]))
    two.row.refresh_from_db()
    assert two.row.node is None
    assert "second address" in two.row.last_error
    assert one.node.is_fresh
    two.ask(first([now_s]))
    assert two.agent.asked[-1] == {"since": ""}


def test_a_container_out_of_memory_is_told_once(bench: Bench, now_s: int) -> None:
    bench.ask(first([now_s - 5]))
    oom = {
        "number": 3,
        "at_unix_ms": now_s * 1000 - 60_000,
        "kind": "event",
        "type": "container",
        "action": "oom",
        "id": "c1",
        "attributes": {"name": "app"},
    }
    bench.ask(then([now_s], cursor="boot:2", changes=[oom]))
    event = ClusterEvent.objects.get(kind="container.oom")
    assert (event.subject_label, event.severity) == ("app", "error")
    bench.ask(first([now_s], cursor="boot:2", changes=[oom]))
    assert kinds().count("container.oom") == 1


def test_one_answer_that_cannot_be_stored_spoils_no_other(
    now_s: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.nodes import services
    from apps.nodes.polling.agents import AgentAnswer, apply_answers

    benches = [Bench(f"tcp://10.0.0.{number}:12376") for number in (1, 2)]
    place: Callable[..., Any] = services.place_agent

    def failing(endpoint_pk: int, snapshot: Any) -> Any:
        if endpoint_pk == benches[0].row.pk:
            raise ValueError("No.")
        return place(endpoint_pk, snapshot)

    monkeypatch.setattr(services, "place_agent", failing)
    answers = []
    for number, bench in enumerate(benches, 1):
        info = INFO | {"ID": f"E{number}", "Name": f"node-{number}"}
        bench.agent.answers = [first([now_s], engine=ENGINE | {"info": info})]
        snapshot = async_to_sync(bench.agent.samples)(since="", watch=False)
        answers.append(AgentAnswer(bench.row.pk, snapshot, None))
    outcomes = apply_answers(answers)
    assert isinstance(outcomes[0], ValueError)
    assert outcomes[1] is not None
    assert benches[1].node.hostname == "node-2"
    assert moments() == [now_s]


def test_a_watched_agent_is_asked_to_sample_each_second(bench: Bench, now_s: int) -> None:
    bench.agent.answers = [first([now_s])]
    async_to_sync(bench.asker.ask)(with_images=False, is_watched=True)
    assert bench.agent.asked == [{"since": "", "watch": "1"}]
