"""This registry and a second real one, and the way in by skopeo."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
from celery import current_app
from django.conf import settings

from apps.registry import backends, signing
from apps.replication.adapters import skopeo
from apps.replication.backends import own_place
from apps.replication.models import RemoteRegistry
from apps.replication.ports import CopyJob, Place
from apps.replication.services.rules import save_remote
from dce_portal import secret_files
from dce_portal.launcher.keys import make_keys
from dce_portal.origin import PORTAL
from tests.e2e.oci_layout import write_index
from tests.plugins.registry import RegistryServer
from tests.standins.second_registry import PASSWORD, USER, SecondRegistry, second_registry


@pytest.fixture(scope="session", autouse=True)
def _keys() -> None:
    make_keys(settings.PATHS.secrets)


@pytest.fixture(scope="module")
def second() -> Iterator[SecondRegistry]:
    """The other registry."""
    with (
        tempfile.TemporaryDirectory(prefix="dce-second-") as folder,
        second_registry(Path(folder)) as server,
    ):
        yield server


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_app, "send_task", lambda *args, **options: None)
    monkeypatch.setattr("dce_portal.operations._hand_over", lambda operation_id: None)


@pytest.fixture
def own(registry_server: RegistryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The portal's own registry is the session's, and is signed for with its keys."""
    signer = signing.load_signer(
        key_pem=(registry_server.secrets / secret_files.SIGNING_KEY).read_bytes(),
        certificate_pem=(registry_server.secrets / secret_files.SIGNING_CERTIFICATE).read_bytes(),
    )
    paths = SimpleNamespace(
        socket=lambda _name: registry_server.socket,
        read_only_file=registry_server.secrets.parent / "registry-read-only",
    )
    monkeypatch.setattr(backends, "signer", lambda: signer)
    monkeypatch.setattr(backends, "settings", SimpleNamespace(REGISTRY_URL=None, PATHS=paths))


@pytest.fixture
def push_here(own: None, tmp_path: Path) -> Callable[..., str]:
    """Push an image of two platforms here, as a docker client would; returns the digest."""

    def push(repository: str, tag: str, *, platforms: Sequence[str] = ("amd64", "arm64")) -> str:
        folder = tmp_path / f"{repository}-{tag}".replace("/", "-")
        digest = write_index(folder, platforms=platforms)
        with own_place() as place:
            job = CopyJob(Place(host=""), "", place, f"{repository}:{tag}")
            copy_layout(folder, job)
        return digest

    return push


def copy_layout(folder: Path, job: CopyJob) -> None:
    """An OCI layout into a registry by skopeo itself."""
    with tempfile.TemporaryDirectory() as home:
        target = skopeo._side(Path(home), "dest", job.target)
        name = f"docker://{job.target.host}/{job.target_name}"
        command = ["skopeo", "--insecure-policy", "copy", "--all", "--preserve-digests", *target]
        done = subprocess.run(
            [*command, f"oci:{folder}:1", name], capture_output=True, timeout=60, check=False
        )
    assert done.returncode == 0, done.stderr.decode()


@pytest.fixture
def remote(second, db) -> RemoteRegistry:
    """As an administrator entered it."""
    values = {"name": "second", "url": second.url, "username": USER, "ca_pem": second.ca_pem}
    return save_remote(RemoteRegistry(), values, secret=PASSWORD, origin=PORTAL)
