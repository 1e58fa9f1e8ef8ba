"""Unit tests reach no one, yet may run event loops."""

import asyncio
import socket
import warnings

import pytest
from pytest_socket import SocketBlockedError


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def test_tcp_is_refused():
    with pytest.raises(SocketBlockedError):
        socket.create_connection(("127.0.0.1", 9))


def test_unix_sockets_are_refused(tmp_path):
    client = socket.socket(socket.AF_UNIX)
    with client, pytest.raises(SocketBlockedError):
        client.connect(str(tmp_path / "socket"))


async def test_an_event_loop_runs():
    await asyncio.sleep(0)
    assert asyncio.get_running_loop().is_running()


@pytest.mark.enable_socket
def test_the_marker_opens_the_way():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
