"""An engine's log, cut into lines wherever its chunks end."""

from __future__ import annotations

import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.nodes.adapters.engine.log_framing import LONGEST_LINE_BYTES, Lines, Multiplexed, Plain
from apps.nodes.adapters.engine.logs import params_of, unix_text
from apps.nodes.ports.streams import LogKind, LogLine, LogQuery, LogSource
from dce_portal.errors import Unavailable

AT = "2026-01-02T03:04:05.123456789Z"


def frame(text: bytes, stream: int = 1) -> bytes:
    return struct.pack(">BxxxL", stream, len(text)) + text


def read(content: bytes, *, cuts: tuple[int, ...] = (), pieces=Multiplexed, **how) -> list[LogLine]:
    """The lines of a log that comes in chunks cut at these places."""
    places = [0, *sorted(min(cut, len(content)) for cut in cuts), len(content)]
    cutter, lines, found = pieces(), Lines(**how), []
    for start, end in itertools.pairwise(places):
        for piece in cutter.feed(content[start:end]):
            found += lines.feed(piece)
    for piece in cutter.end():
        found += lines.feed(piece)
    return [*found, *lines.end()]


LOG = (
    frame(f"{AT} one\n".encode())
    + frame(f"{AT} zwei ✓ 二\n".encode(), 2)
    + frame(f"{AT} \n".encode())
    + frame(f"{AT} no end".encode())
)


@given(st.lists(st.integers(0, len(LOG)), max_size=12))
def test_wherever_chunks_end_the_lines_are_the_same(cuts: list[int]) -> None:
    lines = read(LOG, cuts=tuple(cuts))
    assert [(line.stream, line.text) for line in lines] == [
        ("stdout", "one"),
        ("stderr", "zwei ✓ 二"),
        ("stdout", ""),
        ("stdout", "no end"),
    ]
    assert {line.at for line in lines} == {AT}


@given(st.binary(max_size=200))
def test_no_bytes_break_a_line(text: bytes) -> None:
    plain = text.replace(b"\n", b"")
    lines = read(frame(AT.encode() + b" " + plain + b"\n"))
    assert len(lines) == 1
    lines[0].text.encode()
    assert "\0" not in lines[0].text


def test_a_moment_is_written_with_nine_decimals() -> None:
    (line,) = read(frame(b"2026-01-02T03:04:05.5Z x\n"))
    assert line.at == "2026-01-02T03:04:05.500000000Z"
    (line,) = read(frame(b"no moment\n"))
    assert (line.at, line.text) == ("", "no moment")


def test_pieces_of_one_long_line_are_joined_without_the_moments_between() -> None:
    content = frame(f"{AT} aaa".encode()) + frame(f"{AT} bbb\n".encode())
    assert [line.text for line in read(content)] == ["aaabbb"]


@pytest.mark.parametrize("pieces", [Multiplexed, Plain])
def test_a_line_without_end_is_cut_and_takes_no_more_memory(pieces: type) -> None:
    text = f"{AT} ".encode() + b"x" * (3 * LONGEST_LINE_BYTES) + b"\n"
    content = (
        (frame(text) + frame(f"{AT} next\n".encode()))
        if pieces is Multiplexed
        else text + f"{AT} next\n".encode()
    )
    long, following = read(content, cuts=tuple(range(0, len(content), 4096)), pieces=pieces)
    assert long.is_cut
    assert len(long.text) <= LONGEST_LINE_BYTES
    assert (following.text, following.is_cut) == ("next", False)


def test_many_pieces_of_one_line_are_cut_as_well() -> None:
    parts = b"".join(frame(f"{AT} ".encode() + b"x" * 16_000) for _ in range(10))
    (line,) = read(parts)
    assert line.is_cut
    assert len(line.text) == LONGEST_LINE_BYTES


def test_a_terminal_has_one_stream_and_returns_are_no_part_of_lines() -> None:
    lines = read(f"{AT} one\r\n{AT} two\r\n".encode(), cuts=(5, 33), pieces=Plain)
    assert [(line.stream, line.text, line.at) for line in lines] == [
        ("stdout", "one", AT),
        ("stdout", "two", AT),
    ]


def test_the_task_of_a_services_line() -> None:
    details = (
        "com.docker.swarm.node.id=n1,com.docker.swarm.service.id=s1,com.docker.swarm.task.id=t1"
    )
    (line,) = read(frame(f"{AT} {details} key=value said\n".encode()), has_details=True)
    assert (line.source, line.text) == ("t1", "key=value said")
    (line,) = read(frame(f"{AT}  said\n".encode()), has_details=True)
    assert (line.source, line.text) == ("", "said")


def test_what_is_no_log_is_refused() -> None:
    with pytest.raises(Unavailable):
        read(b"<html>\n" + b"x" * 20)


def test_what_an_engine_is_asked() -> None:
    query = LogQuery(tail=5, since=AT, until=AT, follow=True)
    container = params_of(LogSource(LogKind.CONTAINER, "c"), query)
    assert container["since"] == container["until"] == "1767323045.123456789"
    service = params_of(LogSource(LogKind.SERVICE, "s"), query)
    assert (service["details"], service["follow"], service["tail"]) == ("1", "1", "5")
    assert "until" not in service
    assert unix_text("1970-01-01T00:00:01Z") == "1.000000000"
