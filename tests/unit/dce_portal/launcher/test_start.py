"""What the portal's processes inherit from the shell that started them."""

from __future__ import annotations

from pathlib import Path

from dce_portal import configuration
from dce_portal.launcher.start import environment_of_children


def inherited(data: Path, **shell: str) -> dict[str, str]:
    return environment_of_children(configuration.read({"DCE_DATA": str(data)}), shell)


def test_a_clients_registry_settings_do_not_reach_the_registry(tmp_path: Path) -> None:
    given = inherited(tmp_path, REGISTRY_AUTH_FILE="/home/alice/auth.json", DCE_REGISTRY_URL="x")

    assert "REGISTRY_AUTH_FILE" not in given
    assert given["DCE_REGISTRY_URL"] == "x"


def test_the_rest_of_the_shells_environment_stays(tmp_path: Path) -> None:
    given = inherited(tmp_path, PATH="/usr/bin", DCE_DATA="elsewhere")

    assert (given["PATH"], given["DCE_DATA"]) == ("/usr/bin", str(tmp_path))
