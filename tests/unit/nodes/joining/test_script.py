"""The script that hosts run: readable by every shell, and nothing in it can be slipped in."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from apps.nodes.joining.script import join_script, refusal_script

VALUES = {
    "URL": "https://portal.example:8443/join/dcej_x",
    "REGISTRY": "portal.example:8443",
    "PIN": "abc=",
    "REFUSAL": "",
}
VALUE = "a'b; reboot"
SHELLS = (("dash",), ("busybox", "sh"), ("bash", "--posix"))
present = [shell for shell in SHELLS if shutil.which(shell[0])]


def run(script: str, *, shell: tuple[str, ...] = ("sh",)) -> subprocess.CompletedProcess[str]:
    return subprocess.run(shell, input=script, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("shell", present, ids=lambda shell: shell[0])
def test_every_shell_reads_it(shell: tuple[str, ...]) -> None:
    assert run(join_script(VALUES), shell=(*shell, "-n")).stderr == ""


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
def test_shellcheck_finds_nothing() -> None:
    script = join_script(VALUES)
    done = run(script, shell=("shellcheck", "--shell=sh", "-"))
    assert done.stdout == ""


@pytest.mark.parametrize("shell", present, ids=lambda shell: shell[0])
def test_half_a_download_does_nothing(shell: tuple[str, ...]) -> None:
    script = join_script({**VALUES, "REFUSAL": "never said"})
    half = script[: script.rindex("\nmain ")]
    done = run(half, shell=shell)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("shell", present, ids=lambda shell: shell[0])
def test_a_dead_token_is_one_sentence_and_exit_1(shell: tuple[str, ...]) -> None:
    sentence = "It's over; $(touch /tmp/never) `x`."
    done = run(join_script({**VALUES, "REFUSAL": sentence}), shell=shell)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{sentence}\n")


def test_a_refusal_is_a_script_that_says_it_and_fails(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    sentence = f"Don't; touch {mark}; $(touch {mark})"
    done = run(refusal_script(sentence))
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{sentence}\n")
    assert not mark.exists()


def test_values_are_quoted() -> None:
    script = join_script({**VALUES, "REGISTRY": VALUE})
    assert f"DCE_REGISTRY={shlex.quote(VALUE)}\n" in script


@pytest.mark.parametrize("shell", present, ids=lambda shell: shell[0])
def test_a_host_without_docker_is_told_so(shell: tuple[str, ...], tmp_path: Path) -> None:
    for name in ("mktemp", "rm", "id", "sed", "mkdir"):
        (tmp_path / name).symlink_to(shutil.which(name) or "")
    program = shutil.which(shell[0]) or ""
    done = subprocess.run(
        (program, *shell[1:]),
        input=join_script(VALUES),
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "no docker command" in done.stderr


@pytest.mark.parametrize(
    ("portals_s", "skew"), [(95, "5"), (100, "0"), (104, "0"), (109, "0"), (112, "-3")]
)
@pytest.mark.parametrize("shell", present, ids=lambda shell: shell[0])
def test_a_slow_answer_is_no_wrong_clock(shell: tuple[str, ...], portals_s: int, skew: str) -> None:
    begun = join_script(VALUES).replace('\nmain "$@"\n', f"\nclock_skew {portals_s}\n")
    done = run(f"ASKED_S=100; ANSWERED_S=109\n{begun}", shell=shell)
    assert (done.stdout, done.stderr) == (f"{skew}\n", "")
