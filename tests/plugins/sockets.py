"""Unit tests reach no one: a test below ``tests/unit`` that connects to anything fails.

Unix sockets may be made there, since an event loop wakes itself through a pair of
them, but not connected.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import NoReturn

import pytest
from pytest_socket import SocketBlockedError, disable_socket

UNIT_TESTS = Path(__file__).resolve().parent.parent / "unit"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Close the way out before the test's fixtures start; pytest-socket opens it again after."""
    if not item.path.is_relative_to(UNIT_TESTS) or item.get_closest_marker("enable_socket"):
        return
    disable_socket(allow_unix_socket=True)
    guarded = socket.socket
    guarded.connect = guarded.connect_ex = _refuse  # type: ignore[assignment,method-assign] # made for this test


def _refuse(_: socket.socket, address: object) -> NoReturn:
    raise SocketBlockedError(f"A unit test tried to connect to {address}.")
