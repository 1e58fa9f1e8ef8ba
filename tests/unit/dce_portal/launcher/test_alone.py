"""One process alone: the command that supervisord would start, perhaps on TCP."""

from __future__ import annotations

from pathlib import Path

import pytest

from dce_portal import configuration
from dce_portal.launcher import __main__ as launcher
from dce_portal.launcher import alone, programs
from dce_portal.launcher.errors import LauncherError


@pytest.fixture(autouse=True)
def servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian's programs, whether they are installed or not."""
    monkeypatch.setattr(programs.shutil, "which", lambda name, path: f"/usr/sbin/{name}")


def command(data: Path, name: str, *, listen: str | None = None, **settings: str) -> list[str]:
    values = configuration.read({"DCE_DATA": str(data), **settings})
    workspace = alone.prepare(values)
    return alone.command_of(values, workspace, name=name, listen=listen)


@pytest.mark.parametrize("name", launcher.PROCESSES)
def test_each_process_has_a_command(tmp_path: Path, name: str) -> None:
    assert Path(command(tmp_path, name)[0]).is_absolute()


def test_web_listens_on_its_socket_unless_told_otherwise(tmp_path: Path) -> None:
    assert f"{tmp_path}/run/web.sock" in command(tmp_path, "web")
    on_tcp = command(tmp_path, "web", listen="[::]:8000")
    assert "--uds" not in on_tcp
    assert on_tcp[on_tcp.index("--host") + 1] == "::"
    assert on_tcp[on_tcp.index("--port") + 1] == "8000"


@pytest.mark.parametrize(
    ("name", "listen"), [("worker", "0.0.0.0:80"), ("web", "8000"), ("web", "host:port")]
)
def test_what_cannot_listen_says_so(tmp_path: Path, name: str, listen: str) -> None:
    with pytest.raises(LauncherError, match="HOST:PORT"):
        command(tmp_path, name, listen=listen)


def test_a_store_that_is_elsewhere_is_not_run_here(tmp_path: Path) -> None:
    with pytest.raises(LauncherError, match="redis does not run here"):
        command(tmp_path, "redis", DCE_REDIS_URL="redis://elsewhere:6379")
