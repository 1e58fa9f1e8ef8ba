"""When a target is asked, on a clock that the test moves."""

from __future__ import annotations

from apps.nodes.polling.schedule import LONGEST_BACKOFF_S, Schedule


def longest(_low: float, high: float) -> float:
    return high


def test_a_new_target_is_due_at_once_and_only_once() -> None:
    schedule = Schedule(choose=longest)
    assert schedule.is_due(0)
    schedule.started()
    assert not schedule.is_due(1000)


def test_the_next_question_comes_after_the_pause_that_chance_gave() -> None:
    schedule = Schedule(choose=lambda low, high: (low + high) / 2)
    schedule.started()
    schedule.answered(100)
    assert not schedule.is_due(107.4)
    assert schedule.is_due(107.5)


def test_failures_double_the_pause_up_to_a_minute_and_an_answer_ends_that() -> None:
    schedule, pauses = Schedule(choose=longest), []
    for _ in range(12):
        schedule.started()
        schedule.failed(0)
        pauses.append(schedule.due_at_s)
    assert pauses[:4] == [10, 20, 40, LONGEST_BACKOFF_S]
    assert pauses[-1] == LONGEST_BACKOFF_S
    schedule.answered(0)
    assert (schedule.failures, schedule.due_at_s) == (0, 10)


def test_images_are_wanted_at_first_and_then_each_minute() -> None:
    schedule = Schedule(choose=longest)
    assert schedule.wants_images(5)
    schedule.images_seen(5)
    assert not schedule.wants_images(64)
    assert schedule.wants_images(65)


def test_what_is_watched_is_due_at_the_next_tick_until_nobody_looks() -> None:
    schedule = Schedule(choose=longest)
    schedule.started()
    schedule.answered(100)
    schedule.watch(101, is_watched=True)
    assert schedule.is_due(102)
    schedule.started()
    schedule.answered(102)
    assert schedule.is_due(103)
    schedule.watch(103, is_watched=False)
    schedule.started()
    schedule.answered(103)
    assert not schedule.is_due(112)


def test_watching_does_not_hurry_what_fails() -> None:
    schedule = Schedule(choose=longest)
    schedule.started()
    schedule.failed(100)
    schedule.watch(101, is_watched=True)
    assert not schedule.is_due(109)
    assert schedule.is_due(110)
