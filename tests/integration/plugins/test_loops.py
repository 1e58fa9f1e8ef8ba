"""Connections whose close is under way are gone with their loop."""

from __future__ import annotations

import asyncio
import socket

import pytest

from tests.plugins import loops


@pytest.fixture
def connection():
    """A loop, one side of a connection on it, and that side's socket."""
    loop = asyncio.new_event_loop()
    near, far = socket.socketpair()
    transport, _protocol = loop.run_until_complete(
        loop.create_connection(asyncio.Protocol, sock=near)
    )
    yield loop, transport, near
    far.close()


def test_a_close_under_way_is_waited_for(connection):
    loop, transport, near = connection
    transport.close()
    loop.close()
    assert near.fileno() == -1


def test_what_nobody_closes_is_left_to_be_found(connection, monkeypatch):
    loop, transport, near = connection
    monkeypatch.setattr(loops, "PATIENCE_S", 0.02)
    loop.close()
    assert near.fileno() != -1
    transport._sock = None  # so that it is not found here
    near.close()
