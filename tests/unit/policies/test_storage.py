"""The registry's files, as registry 2.8 lays them out."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from apps.policies.adapters.storage import RegistryStorage
from tests.factories.registry import digest_of


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty registry."""
    (tmp_path / "docker/registry/v2/repositories").mkdir(parents=True)
    return tmp_path


def put(root: Path, repository: str, digest: str, content: bytes = b"{}") -> None:
    """A manifest with its link and its blob."""
    base, name = root / "docker/registry/v2", digest.removeprefix("sha256:")
    link = base / "repositories" / repository / "_manifests/revisions/sha256" / name / "link"
    link.parent.mkdir(parents=True)
    link.write_text(digest)
    blob = base / "blobs/sha256" / name[:2] / name / "data"
    blob.parent.mkdir(parents=True)
    blob.write_bytes(content)


def test_sizes_are_those_on_disk(root: Path) -> None:
    digest = digest_of("one")
    put(root, "team/app", digest, b"12345")
    storage = RegistryStorage(root)
    assert storage.blob_bytes(digest) == 5
    assert storage.blob_bytes(digest_of("two")) is None
    assert storage.blob_bytes("sha256:../../../../etc/passwd") is None
    assert storage.total_bytes() == 5


def test_an_empty_repository_goes_and_one_below_it_stays(root: Path) -> None:
    repositories = root / "docker/registry/v2/repositories"
    put(root, "team/app/tools", digest_of("one"))
    (repositories / "team/app/_layers").mkdir(parents=True)
    (repositories / "gone/deep/_uploads").mkdir(parents=True)
    storage = RegistryStorage(root)
    assert storage.empty_repositories() == ("gone/deep", "team/app")
    for name in storage.empty_repositories():
        storage.remove_repository(name)
    assert not (repositories / "gone").exists()
    assert not (repositories / "team/app/_layers").exists()
    assert (repositories / "team/app/tools/_manifests").is_dir()


def test_a_push_under_way_keeps_its_repository(root: Path) -> None:
    upload = root / "docker/registry/v2/repositories/team/app/_uploads/one"
    upload.mkdir(parents=True)
    storage = RegistryStorage(root)
    assert storage.empty_repositories() == ()
    long_ago = time.time() - 2 * 86_400
    os.utime(upload, (long_ago, long_ago))
    assert storage.empty_repositories() == ("team/app",)


def test_manifests_say_what_they_name_and_what_they_are_about(root: Path) -> None:
    child, subject = digest_of("child"), digest_of("subject")
    document = {"manifests": [{"digest": child}], "subject": {"digest": subject}}
    put(root, "team/app", digest_of("index"), json.dumps(document).encode())
    put(root, "team/app", digest_of("broken"), b"no JSON")
    found = {one.digest: one for one in RegistryStorage(root).manifests("team/app")}
    assert found[digest_of("index")].names == {child}
    assert found[digest_of("index")].subject == subject
    assert found[digest_of("broken")].names == frozenset()
