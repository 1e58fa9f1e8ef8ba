"""Which scanner there is, and how it reaches an image."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from apps.registry.services import open_reading_door
from apps.scanning.adapters.trivy import Trivy
from apps.scanning.ports import ImagePlace, ScannerPort
from dce_portal.configuration import Configuration


def scanner() -> ScannerPort | None:
    """Trivy where the settings name it or the machine has it; else none."""
    configuration: Configuration = settings.CONFIGURATION
    found = configuration.trivy or shutil.which("trivy")
    if found is None:
        return None
    return Trivy(
        program=Path(found),
        cache=configuration.trivy_cache or configuration.paths.data / "trivy",
        server=configuration.trivy_server or "",
        token=configuration.trivy_token,
        is_offline=configuration.trivy_offline,
    )


@contextmanager
def reachable(repository: str, digest: str) -> Iterator[ImagePlace]:
    """The image behind a door that is open for one scan."""
    with open_reading_door() as door:
        yield ImagePlace(door.host, repository, digest, door.username, door.password)
