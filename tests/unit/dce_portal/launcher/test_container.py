"""What a container does before the launcher, and what Docker is told of its health."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from dce_portal import configuration
from dce_portal.launcher import container, health

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture
def dropped(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """The rights that were dropped; this process keeps its own."""
    seen: dict[str, object] = {}
    monkeypatch.setattr(container.os, "setgroups", lambda groups: seen.update(groups=groups))
    monkeypatch.setattr(container.os, "setgid", lambda gid: seen.update(gid=gid))
    monkeypatch.setattr(container.os, "setuid", lambda uid: seen.update(uid=uid))
    monkeypatch.setenv("HOME", "/root")
    return seen


@needs_root
def test_the_data_folder_is_given_away_with_all_that_is_in_it(
    tmp_path: Path, dropped: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container, "ENGINE_SOCKET", tmp_path / "none.sock")
    data, outside = tmp_path / "data", tmp_path / "outside"
    (data / "registry").mkdir(parents=True)
    (data / "registry" / "blob").touch()
    outside.touch()
    (data / "link").symlink_to(outside)
    user = pwd.getpwnam("nobody")
    container.become(user, data=data)
    for path in (data, data / "registry", data / "registry" / "blob"):
        assert path.stat().st_uid == user.pw_uid
    assert outside.stat().st_uid == 0
    assert dropped == {"groups": [], "gid": user.pw_gid, "uid": user.pw_uid}


def test_the_sockets_group_is_taken_along(tmp_path: Path) -> None:
    socket = tmp_path / "docker.sock"
    socket.touch()
    assert container.groups_of_socket(socket) == [socket.stat().st_gid]
    assert container.groups_of_socket(tmp_path / "none.sock") == []


@pytest.mark.parametrize(
    ("command", "answers", "expected"),
    [
        (b"/opt/venv/bin/python\0/opt/venv/bin/supervisord\0-n", True, True),
        (b"/opt/venv/bin/python\0/opt/venv/bin/supervisord\0-n", False, False),
        (b"python\0-m\0dce_portal.launcher.container\0run", False, False),
        (b"python\0-m\0celery\0-A\0dce_portal\0beat", False, True),
    ],
)
def test_a_whole_portal_is_healthy_when_all_parts_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: bytes, answers: bool, expected: bool
) -> None:
    first = tmp_path / "cmdline"
    first.write_bytes(command)
    monkeypatch.setattr(health, "answers", lambda _address: answers)
    values = configuration.read({"DCE_DATA": str(tmp_path)})
    assert health.is_healthy(values, first_process=first) is expected
