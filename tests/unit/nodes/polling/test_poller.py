"""The poller over askers that the test answers for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from apps.nodes.polling.poller import Poller
from apps.nodes.ports import EngineAddress
from apps.nodes.selectors import PollTarget


def target(pk: int, url: str = "unix:///a") -> PollTarget:
    return PollTarget("engine", pk, (EngineAddress(url),))


@dataclass
class StubAsker:
    answers: asyncio.Queue[bool | Exception] = field(default_factory=asyncio.Queue)
    asked: list[bool] = field(default_factory=list)
    is_closed: bool = False
    pk: int = 0

    async def ask(self, *, with_images: bool, is_watched: bool = False) -> bool:
        self.asked.append(with_images)
        answer = await self.answers.get()
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None:
        self.is_closed = True


class Bench:
    """A poller with a clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.askers: dict[int, StubAsker] = {}
        self.poller = Poller(self.open, clock=lambda: self.now_s, choose=lambda low, _high: low)

    def open(self, found: PollTarget) -> StubAsker:
        self.askers[found.pk] = StubAsker()
        return self.askers[found.pk]

    async def answer(self, pk: int, answer: bool | Exception) -> None:
        self.askers[pk].answers.put_nowait(answer)
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_a_slow_target_delays_no_other_and_is_asked_once(bench: Bench) -> None:
    bench.poller.sync(0, [target(1), target(2)])
    assert bench.poller.start_due(0) == 2
    await bench.answer(2, True)
    bench.now_s = 5
    assert bench.poller.start_due(0) == 1
    await bench.answer(2, True)
    assert (len(bench.askers[1].asked), len(bench.askers[2].asked)) == (1, 2)
    await bench.poller.stop()


async def test_a_failure_backs_off_and_an_error_in_our_own_code_does_too(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.poller.sync(0, [target(1)])
    bench.poller.start_due(0)
    await bench.answer(1, False)
    bench.now_s = 5
    assert bench.poller.start_due(0) == 1
    await bench.answer(1, RuntimeError("a bug"))
    bench.now_s = 14
    assert bench.poller.start_due(0) == 0
    bench.now_s = 15
    assert bench.poller.start_due(0) == 1
    await bench.poller.stop()


async def test_images_come_with_the_first_answer_and_not_with_the_next(bench: Bench) -> None:
    bench.poller.sync(0, [target(1)])
    bench.poller.start_due(0)
    await bench.answer(1, True)
    bench.now_s = 5
    bench.poller.start_due(0)
    await bench.answer(1, True)
    assert bench.askers[1].asked == [True, False]
    await bench.poller.stop()


async def test_targets_that_go_or_move_are_closed(bench: Bench) -> None:
    bench.poller.sync(0, [target(1), target(2)])
    bench.poller.start_due(0)
    first, second = bench.askers[1], bench.askers[2]
    bench.poller.sync(0, [target(2, "unix:///elsewhere")])
    await asyncio.sleep(0.01)
    assert first.is_closed
    assert second.is_closed
    assert not bench.askers[2].is_closed
    await bench.poller.stop()


async def test_a_lost_shard_is_forgotten_and_the_others_stay(bench: Bench) -> None:
    bench.poller.sync(0, [target(2)])
    bench.poller.sync(1, [target(1)])
    bench.poller.forget(1)
    assert bench.poller.targets == [target(2)]
    await bench.poller.stop()


async def test_an_engine_that_is_back_is_due_at_once(bench: Bench) -> None:
    bench.poller.sync(0, [target(1)])
    bench.poller.start_due(0)
    await bench.answer(1, False)
    assert bench.poller.start_due(0) == 0
    bench.poller.hurry(1)
    bench.poller.hurry(99)
    assert bench.poller.start_due(0) == 1
    await bench.poller.stop()


async def test_stopping_closes_everything(bench: Bench) -> None:
    bench.poller.sync(0, [target(1)])
    bench.poller.start_due(0)
    await bench.poller.stop()
    assert bench.askers[1].is_closed
    assert bench.poller.targets == []


async def test_while_answers_wait_to_be_stored_agents_wait_and_others_do_not() -> None:
    room, now_s = [2], [0.0]
    askers: dict[int, StubAsker] = {}

    def opened(found: PollTarget) -> StubAsker:
        askers[found.pk] = StubAsker()
        return askers[found.pk]

    poller = Poller(
        opened, room=lambda: room[0], clock=lambda: now_s[0], choose=lambda low, _high: low
    )
    agents = [PollTarget("agent", pk, (EngineAddress(f"tcp://{pk}"),)) for pk in (1, 2, 3)]
    poller.sync(0, [*agents, target(9)])
    assert poller.start_due(0) == 3
    assert poller.start_due(0) == 1
    for asker in askers.values():
        asker.answers.put_nowait(True)
    for _ in range(5):
        await asyncio.sleep(0)
    now_s[0], room[0] = 20.0, -5
    assert poller.start_due(0) == 1
    await asyncio.sleep(0)
    assert len(askers[9].asked) == 2
    await poller.stop()


async def test_of_those_that_are_due_the_one_that_waits_longest_is_first() -> None:
    now_s = [0.0]
    asked: list[int] = []

    class Noting(StubAsker):
        async def ask(self, *, with_images: bool, is_watched: bool = False) -> bool:
            asked.append(self.pk)
            return True

    pauses = iter([9.0, 6.0, 6.0])
    poller = Poller(
        lambda found: Noting(pk=found.pk),
        room=lambda: 1,
        clock=lambda: now_s[0],
        choose=lambda _low, _high: next(pauses),
    )
    poller.sync(0, [PollTarget("agent", pk, (EngineAddress(f"tcp://{pk}"),)) for pk in (1, 2)])
    for _ in range(2):
        poller.start_due(0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    now_s[0] = 10.0
    poller.start_due(0)
    await asyncio.sleep(0)
    assert asked == [1, 2, 2]
    await poller.stop()


async def test_few_connections_to_agents_are_opened_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("apps.nodes.polling.poller.MOST_OPENING", 2)
    now_s = [0.0]
    askers: dict[int, StubAsker] = {}

    def opened(found: PollTarget) -> StubAsker:
        return askers.setdefault(found.pk, StubAsker())

    poller = Poller(opened, room=lambda: 100, clock=lambda: now_s[0], choose=lambda low, _high: low)
    agents = [PollTarget("agent", pk, (EngineAddress(f"tcp://{pk}"),)) for pk in range(5)]
    poller.sync(0, agents)
    assert poller.start_due(0) == 2
    assert poller.start_due(0) == 0
    for _round in range(6):
        for asker in askers.values():
            if asker.asked and asker.answers.empty():
                asker.answers.put_nowait(True)
        for _ in range(5):
            await asyncio.sleep(0)
        poller.start_due(0)
    now_s[0] = 20.0
    assert poller.start_due(0) == 5
    await poller.stop()
