"""The lines between hosts and portal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.nodes.joining.hosts import joining_host
from apps.nodes.joining.lines import Message, read_message, write_lines
from dce_portal.errors import InvalidInput

# A busy machine is slow, which says nothing about the code.
HOST = {"machine": "0123456789abcdef.AAAA", "engine": "AAAA:BBBB", "hostname": "eng1"}


def test_lines_and_a_pem_after_an_empty_line() -> None:
    message = read_message(b"machine=abc\nstate=\n\n-----BEGIN X-----\nab=\n-----END X-----\n")
    assert message.fields == {"machine": "abc", "state": ""}
    assert message.pem == "-----BEGIN X-----\nab=\n-----END X-----"


def test_a_value_may_hold_equals_signs_and_carriage_returns_end_lines_too() -> None:
    assert read_message(b"a=b=c\r\nd=e\r\n").fields == {"a": "b=c", "d": "e"}


@pytest.mark.parametrize(
    "body",
    [
        b"no equals",
        b"=value",
        b"Upper=1",
        b"a=\x00",
        b"a=\x1b[31m",
        b"\xff=1",
        b"a=" + b"x" * 501,
        b"a=1\n" * 41,
    ],
)
def test_anything_else_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_message(body)


@given(st.text())
def test_no_value_starts_a_line_of_its_own(value: str) -> None:
    written = write_lines({"error": value})
    assert written.count("\n") == 1
    assert written.startswith("error=")


@given(st.binary(max_size=200))
def test_whatever_is_sent_is_read_or_refused(body: bytes) -> None:
    try:
        message = read_message(body)
    except InvalidInput:
        return
    assert all(value.isprintable() for value in message.fields.values())


def test_a_host_is_taken_at_the_address_that_it_came_from() -> None:
    host = joining_host(Message(HOST), client_address="10.0.0.7")
    assert (host.address, host.seen_at, host.agent_url) == (
        "10.0.0.7",
        "10.0.0.7",
        "tcp://10.0.0.7:12376",
    )


def test_the_address_that_it_names_counts_more() -> None:
    host = joining_host(Message({**HOST, "address": "fd00::5"}), client_address="10.0.0.7")
    assert host.agent_url == "tcp://[fd00::5]:12376"


def test_the_portals_own_machine_says_itself_where_it_is() -> None:
    message = Message({**HOST, "own_address": "192.168.1.9"})
    assert joining_host(message, client_address="127.0.0.1").address == "192.168.1.9"
    assert joining_host(message, client_address="10.0.0.7").address == "10.0.0.7"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("machine", ""),
        ("machine", "../../etc"),
        ("hostname", "a b"),
        ("hostname", "-a"),
        ("engine", "<script>"),
        ("address", "127.0.0.1"),
        ("address", "169.254.169.254"),
        ("address", "0.0.0.0"),
        ("address", "portal.example"),
        ("swarm_state", "happy"),
    ],
)
def test_a_fact_that_cannot_be_is_named(name: str, value: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        joining_host(Message({**HOST, name: value}), client_address="10.0.0.7")
    assert caught.value.field == name
