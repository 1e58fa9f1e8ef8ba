"""The stack file fits the image that it runs."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from dce_portal.configuration import read
from dce_portal.paths import CHECKOUT


@pytest.fixture
def portal() -> dict[str, Any]:
    """The only service."""
    stack = yaml.safe_load((CHECKOUT / "docker" / "stack.yml").read_text(encoding="utf-8"))
    (service,) = stack["services"].values()
    return dict(service)


def test_it_publishes_and_keeps_what_the_image_says(portal: dict[str, Any]) -> None:
    dockerfile = (CHECKOUT / "docker" / "controller" / "Dockerfile").read_text(encoding="utf-8")
    exposed = re.search(r"^EXPOSE (.+)$", dockerfile, re.MULTILINE)
    volume = re.search(r"^VOLUME (.+)$", dockerfile, re.MULTILINE)
    assert exposed is not None
    assert volume is not None
    assert {str(port["target"]) for port in portal["ports"]} == set(exposed[1].split())
    assert f"data:{volume[1]}" in portal["volumes"]


def test_its_settings_are_settings(portal: dict[str, Any]) -> None:
    environ = dict.fromkeys(portal["environment"], "https://portal.example.org")
    assert read(environ).public_url == "https://portal.example.org"


def test_two_tasks_never_share_the_volume(portal: dict[str, Any]) -> None:
    deploy = portal["deploy"]
    assert deploy["replicas"] == 1
    assert deploy["update_config"]["order"] == deploy["rollback_config"]["order"] == "stop-first"
