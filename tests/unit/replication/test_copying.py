"""Copies that take too long, by a program that stands in for skopeo."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from apps.replication.adapters import remote, skopeo
from apps.replication.ports import LONGEST_RUN_S, CopyJob, Place
from dce_portal.errors import Unavailable

JOB = CopyJob(Place(host="a.test"), "app:1", Place(host="b.test"), "app:1")


def test_a_copy_that_is_wanted_no_more_is_not_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever started it must not take it for done."""
    program = tmp_path / "skopeo"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o700)
    monkeypatch.setattr(skopeo.shutil, "which", lambda _name: str(program))
    monkeypatch.setattr(skopeo, "ASK_EVERY_S", 0.1)
    with pytest.raises(Unavailable, match="before it was whole"):
        skopeo.Skopeo().copy(JOB, is_wanted=lambda: False)


def test_the_session_outlasts_the_longest_run() -> None:
    """Else a run that ends by its own clock would be broken off first."""
    assert remote.SESSION_S > LONGEST_RUN_S


def test_a_session_that_is_over_is_told_as_the_registry_being_away() -> None:
    with (
        pytest.raises(Unavailable, match=r"a\.test"),
        remote.open_remote(Place(host="a.test")),
    ):
        raise requests.Timeout
