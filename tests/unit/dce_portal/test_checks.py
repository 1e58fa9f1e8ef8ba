"""What starts, but is probably not meant, is said with a hint."""

from __future__ import annotations

import pytest

from dce_portal import configuration
from dce_portal.checks import warnings_of


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, []),
        ({"DCE_DEBUG": "yes"}, []),
        ({"DCE_DEBUG": "yes", "DCE_BIND": "0.0.0.0"}, ["dce.W001", "dce.W002"]),
        ({"DCE_BIND": "10.0.0.1"}, ["dce.W002"]),
        ({"DCE_DOCKER_HOST": "tcp://10.0.0.5:2376"}, ["dce.W003"]),
        ({"DCE_DOCKER_HOST": "unix:///var/run/docker.sock"}, []),
        ({"DCE_PUBLIC_URL": "https://portal.example.org"}, ["dce.W004"]),
    ],
)
def test_warnings(settings: dict[str, str], expected: list[str]) -> None:
    """Each by its id."""
    found = warnings_of(configuration.read(settings))
    assert [message.id for message in found] == expected
    assert all(message.hint for message in found)
