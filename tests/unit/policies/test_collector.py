"""What the registry's collector says and how it ends, by a program that stands in for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from apps.policies.adapters import collector
from apps.policies.adapters.collector import RegistryCollector
from apps.policies.ports import Swept, no_lines
from dce_portal.errors import Unavailable

EMPTY = "failed to garbage collect: failed to mark: filesystem: Path not found: /docker/registry/v2/repositories"


@pytest.fixture
def ends_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., RegistryCollector]:
    def make(text: str, *, status: int) -> RegistryCollector:
        program = tmp_path / "docker-registry"
        program.write_text(f"#!/bin/sh\necho '{text}'\nexit {status}\n")
        program.chmod(0o700)
        monkeypatch.setattr(collector, "_program", lambda: str(program))
        paths = SimpleNamespace(run=tmp_path, config=tmp_path)
        return RegistryCollector(paths)  # type: ignore[arg-type]  # as much of it as is used

    return make


def test_a_registry_into_which_nothing_was_pushed_has_no_garbage(
    ends_with: Callable[..., RegistryCollector],
) -> None:
    """As registry 2.8.2 ends there."""
    assert ends_with(EMPTY, status=1).sweep(is_dry_run=True, say=no_lines) == Swept()


@pytest.mark.parametrize("text", ["failed to garbage collect: no space left", ""])
def test_any_other_bad_end_is_told(ends_with: Callable[..., RegistryCollector], text: str) -> None:
    with pytest.raises(Unavailable, match="status 1"):
        ends_with(text, status=1).sweep(is_dry_run=False, say=no_lines)
