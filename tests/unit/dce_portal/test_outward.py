"""Connections outward: bounded however many addresses a name has."""

from __future__ import annotations

import socket
from types import SimpleNamespace

import pytest
from urllib3.exceptions import NewConnectionError

from dce_portal import outward


@pytest.fixture
def guard(monkeypatch: pytest.MonkeyPatch) -> outward._Guard:
    """Of a name with fifty addresses."""
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"198.51.100.{n}", 80)) for n in range(50)
    ]
    monkeypatch.setattr(outward._Guard, "_resolved", lambda _self, _connection: found)
    monkeypatch.setattr(socket, "socket", lambda *_arguments: SimpleNamespace())
    return outward._Guard(allow_private=True)


def tried(guard: outward._Guard, monkeypatch: pytest.MonkeyPatch, *, ends_after: int) -> int:
    asked = []

    def opened(self: outward._Guard, _socket: object, address: object) -> None:
        asked.append(address)
        self.is_over = len(asked) >= ends_after
        raise TimeoutError

    monkeypatch.setattr(outward._Guard, "_opened", opened)
    with pytest.raises(NewConnectionError):
        guard.connect(SimpleNamespace(host="many.test", port=80))  # type: ignore[arg-type]
    return len(asked)


def test_a_name_with_many_addresses_is_given_a_few_tries(
    guard: outward._Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tried(guard, monkeypatch, ends_after=1000) == 4


def test_no_address_is_tried_once_the_time_is_over(
    guard: outward._Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tried(guard, monkeypatch, ends_after=2) == 2
