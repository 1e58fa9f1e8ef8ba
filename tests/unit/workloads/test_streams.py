"""Buffers, limits, resuming, wishes and texts of logs and consoles."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from apps.nodes.ports.streams import MOST_TAIL, LogLine, LogQuery
from apps.workloads.streams.buffer import Batch, LineBuffer
from apps.workloads.streams.resuming import resumption_of
from apps.workloads.streams.slots import Slots, TooMany
from apps.workloads.streams.texts import plain, text_of
from apps.workloads.streams.wishes import (
    ANY_SHELL,
    cells_of,
    command_of,
    command_text,
    log_wish,
    moment_of,
    shell_wish,
    tail_of,
)
from dce_portal.errors import InvalidInput

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TIMEOUT_S = 30


def at(second: int) -> str:
    return f"2026-01-01T00:00:{second:02d}.000000000Z"


def lines(*texts: str, source: str = "") -> list[LogLine]:
    return [LogLine("stdout", at(place), text, source) for place, text in enumerate(texts)]


async def test_a_buffer_gives_what_it_got() -> None:
    buffer = LineBuffer()
    await buffer.put(lines("a", "b", "c"))
    first = await buffer.take(most_lines=2, most_characters=100)
    buffer.end()
    second = await buffer.take(most_lines=2, most_characters=100)
    assert first is not None
    assert second is not None
    assert [line.text for line in (*first.lines, *second.lines)] == ["a", "b", "c"]
    assert await buffer.take(most_lines=2, most_characters=100) is None


async def test_a_full_buffer_loses_its_oldest_and_counts_them() -> None:
    buffer = LineBuffer(most_lines=2, patience_s=0)
    for text in "abcde":
        await buffer.put(lines(text))
    batch = await buffer.take(most_lines=10, most_characters=100)
    assert batch is not None
    assert ([line.text for line in batch.lines], batch.left_out) == (["d", "e"], 3)


async def test_a_full_buffer_first_holds_its_reader_back() -> None:
    buffer = LineBuffer(most_lines=1, patience_s=TIMEOUT_S)
    await buffer.put(lines("a"))
    waiting = asyncio.create_task(buffer.put(lines("b")))
    await asyncio.sleep(0)
    assert not waiting.done()
    first = await buffer.take(most_lines=1, most_characters=100)
    await waiting
    second = await buffer.take(most_lines=1, most_characters=100)
    assert first is not None
    assert second is not None
    assert (first.left_out, second.left_out, second.lines[0].text) == (0, 0, "b")


async def test_characters_are_bounded_too() -> None:
    buffer = LineBuffer(most_characters=10, patience_s=0)
    buffer.add(lines("x" * 8, "y" * 8))
    batch = await buffer.take(most_lines=10, most_characters=1)
    assert batch is not None
    assert ([line.text for line in batch.lines], batch.left_out) == (["y" * 8], 1)


def test_going_on_leaves_out_what_is_known() -> None:
    resumption = resumption_of([["stdout", "", at(2), 1]])
    query = resumption.query(LogQuery(tail=5, follow=True))
    assert (query.since, query.tail, query.follow) == (at(1), MOST_TAIL, True)
    twins = [LogLine("stdout", at(2), text) for text in ("known", "new")]
    found = resumption.fresh([*lines("old", "older"), *twins, LogLine("stderr", at(3), "newer")])
    assert [line.text for line in found] == ["new", "newer"]
    late = LogLine("stderr", at(1), "from the other pipe")
    assert resumption.fresh([late]) == (late,)


def test_tasks_are_resumed_each_by_itself_since_their_clocks_differ() -> None:
    resumption = resumption_of([["stdout", "a", at(30), 1], ["stdout", "b", at(10), 1]])
    assert resumption.query(LogQuery()).since == "2025-12-31T23:59:30.000000000Z"
    later = LogLine("stdout", at(12), "b again", "b")
    assert resumption.fresh([later, LogLine("stdout", at(12), "a old", "a")]) == (later,)


@pytest.mark.parametrize(
    "said",
    [
        "x",
        {},
        [["stdout", "", "now", 1]],
        [["stdout", "", at(1), 0]],
        [["stdout", 1, at(1), 1]],
        [["", at(1), 1]],
        [[]],
        [["stdout", "", at(1), 1]] * 201,
    ],
)
def test_what_cannot_be_resumed_is_refused(said: object) -> None:
    with pytest.raises(InvalidInput):
        log_wish({"resume": said}, now=NOW)


def test_moments() -> None:
    assert moment_of("", "since", now=NOW) == ""
    assert moment_of("2h", "since", now=NOW) == "2026-01-02T01:04:05.000000000Z"
    assert moment_of("2026-01-02T03:00:00+01:00", "x", now=NOW) == "2026-01-02T02:00:00.000000000Z"
    assert moment_of("2026-01-02T03:00:00.25Z", "x", now=NOW) == "2026-01-02T03:00:00.250000000Z"
    for text in ("yesterday", "5", "99999999d"):
        with pytest.raises(InvalidInput):
            moment_of(text, "since", now=NOW)


@pytest.mark.parametrize("value", ["", "-1", "x", "1.5", str(MOST_TAIL + 1), True])
def test_a_tail_that_cannot_be(value: str) -> None:
    with pytest.raises(InvalidInput):
        tail_of(value)


def test_commands() -> None:
    assert command_of("  ") == ANY_SHELL
    assert command_text(ANY_SHELL) == "bash | sh"
    assert command_of("psql -c 'select 1'") == ("psql", "-c", "select 1")
    assert command_text(("psql", "-c", "select 1")) == "psql -c 'select 1'"
    for text in ("'", "x " * 40, "y" * 501):
        with pytest.raises(InvalidInput):
            command_of(text)


@pytest.mark.parametrize(
    "said",
    [{"user": "a b"}, {"user": "-u"}, {"working_dir": "tmp"}, {"command": 5}, {"user": None}],
)
def test_a_console_that_cannot_be_meant(said: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        shell_wish(said)


def test_a_consoles_wish() -> None:
    wish = shell_wish({"user": "www-data:33", "working_dir": "/srv", "columns": 5000, "rows": -3})
    assert (wish.user, wish.working_dir, wish.columns, wish.rows) == (
        "www-data:33",
        "/srv",
        1000,
        1,
    )
    assert cells_of("wide") == cells_of(None) == cells_of(True) == 24


def test_limits_by_person_and_over_all() -> None:
    slots = Slots(most_a_person=1, most=2)
    with slots.taken("alice"):
        with pytest.raises(TooMany), slots.taken("alice"):
            pass
        with slots.taken("bob"), pytest.raises(TooMany), slots.taken("mallory"):
            pass
    with slots.taken("alice"):
        pass


def test_text_has_nothing_that_a_terminal_obeys() -> None:
    evil = "\x1b]0;title\x07\x1b[31mred\x1b[0m\tX\r\x1b[2J\x9b31m\x1bc\x1bP+q\x1b\\"
    assert plain(evil) == "red\tX31m"
    batch = Batch((LogLine("stderr", at(1), "x", "task12345678", is_cut=True),), left_out=7)
    assert text_of(batch, with_times=True) == (
        "… 7 lines before these were left out: the log is larger than one answer …\n"
        f"{at(1)} task12345678 x [the line goes on]\n"
    )
    assert text_of(Batch(batch.lines), with_times=False, stream="stdout") == ""
