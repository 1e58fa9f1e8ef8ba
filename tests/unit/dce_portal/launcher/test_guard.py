"""Strays of a killed master are ended, and nobody else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dce_portal.launcher import guard

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]


@pytest.fixture
def stray() -> subprocess.Popen[str]:
    """A process in a group of its own, as supervisord starts its programs."""
    process = subprocess.Popen(SLEEPER, stdout=subprocess.PIPE, text=True, process_group=0)
    assert process.stdout is not None
    process.stdout.readline()
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def state_of(pid: int, folder: Path, *, start: str | None = None, boot: str | None = None) -> Path:
    """The file that the guard of an earlier life wrote."""
    found = guard._stat(pid)
    assert found is not None
    state = folder / "web.guard"
    state.write_text(f"{pid} {start or found[1]} {boot or guard._boot()}\n")
    return state


def test_strays_are_ended(stray: subprocess.Popen[str], tmp_path: Path) -> None:
    """The group is the one that the file remembers."""
    guard.end_strays(state_of(stray.pid, tmp_path))
    assert stray.wait(timeout=5) < 0


def test_a_reused_number_is_not_taken_for_a_stray(
    stray: subprocess.Popen[str], tmp_path: Path
) -> None:
    """Another start time: another process."""
    guard.end_strays(state_of(stray.pid, tmp_path, start="1"))
    assert stray.poll() is None


def test_another_boot_is_forgotten(stray: subprocess.Popen[str], tmp_path: Path) -> None:
    """Numbers begin anew."""
    guard.end_strays(state_of(stray.pid, tmp_path, boot="another"))
    assert stray.poll() is None


@pytest.mark.parametrize("content", [None, "", "nonsense", "x y z"])
def test_unreadable_state_is_no_state(tmp_path: Path, content: str | None) -> None:
    """A first start has none."""
    state = tmp_path / "web.guard"
    if content is not None:
        state.write_text(content)
    guard.end_strays(state)


def test_becomes_the_program_and_clears_its_socket(tmp_path: Path) -> None:
    """The number stays the same, the old socket is gone, the state is written."""
    (tmp_path / "web.sock").touch()
    script = "import os; print(os.getpid())"
    command = [sys.executable, guard.__file__, str(tmp_path / "web.guard"), "-"]
    done = subprocess.Popen(
        [*command, sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
    )
    output, _ = done.communicate(timeout=10)
    assert int(output) == done.pid
    assert not (tmp_path / "web.sock").exists()
    assert (tmp_path / "web.guard").read_text().split()[0] == str(os.getpgid(0))
