"""Layers of any size pass the front: memory stays flat, and an upload that broke goes on."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import psutil
import pytest

from tests.e2e.registry_http import MIB, Blob, RegistryHttp
from tests.e2e.site import TIMEOUT_S, plain_session
from tests.lab.host import wait_until

pytestmark = [pytest.mark.registry, pytest.mark.portal, pytest.mark.lab]

BIG_MIB = 1024
GROWTH_MIB = 64
LOOK_EVERY_S = 0.2
FREE_MIB = 4 * BIG_MIB
AS_TOLD = (
    "Content-Length",
    "Content-Type",
    "Docker-Content-Digest",
    "Docker-Distribution-Api-Version",
    "ETag",
    "Cache-Control",
    "X-Content-Type-Options",
)
FRONT = ("nginx", "web", "stream")


@pytest.fixture
def registry(site):
    """Alice's repository for this; its blobs are removed from the disk after."""
    if shutil.disk_usage(site.portal.data).free < FREE_MIB * MIB:
        pytest.skip(f"needs {FREE_MIB} MiB on the disk of {site.portal.data}")
    yield RegistryHttp(site, "team/big")
    storage = site.portal.data / "registry" / "docker" / "registry" / "v2"
    for blob in storage.glob("blobs/sha256/*/*/data"):
        if blob.stat().st_size > 8 * MIB:
            shutil.rmtree(blob.parent)
    shutil.rmtree(storage / "repositories" / "team" / "big", ignore_errors=True)


class Memory(contextlib.AbstractContextManager["Memory"]):
    """Watches the resident memory of some programs with their children, and keeps the highest."""

    def __init__(self, process_ids: list[int]) -> None:
        """Take the level from which growth counts."""
        self._process_ids = process_ids
        self._done = threading.Event()
        self._watcher = threading.Thread(target=self._watch)
        self.before_mib = self.highest_mib = self._now_mib()

    @property
    def growth_mib(self) -> float:
        """By how much it was ever above the beginning."""
        return self.highest_mib - self.before_mib

    def __enter__(self) -> Memory:
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._done.wait(LOOK_EVERY_S):
            self.highest_mib = max(self.highest_mib, self._now_mib())

    def _now_mib(self) -> float:
        return sum(resident_bytes(process_id) for process_id in self._process_ids) / MIB


def resident_bytes(process_id: int) -> int:
    """A program's memory, its children's included; those that end meanwhile have none."""
    total = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        program = psutil.Process(process_id)
        for process in (program, *program.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                total += process.memory_info().rss
    return total


def test_a_layer_of_a_gibibyte_passes_with_flat_memory(site, registry):
    blob = Blob(BIG_MIB)
    pids = site.process_ids()
    with Memory([pids[name] for name in FRONT]) as front, Memory([pids["registry"]]) as behind:
        registry.complete(registry.patch(registry.begin(), blob.pieces()), blob.digest)
        assert registry.pull(blob.digest) == (BIG_MIB * MIB, blob.digest)
    assert front.growth_mib < GROWTH_MIB
    assert behind.growth_mib < GROWTH_MIB


@pytest.fixture
def layer(registry):
    """One that is there."""
    blob = Blob(1, seed=b"from the disk")
    registry.complete(registry.patch(registry.begin(), blob.pieces()), blob.digest)
    return blob


def test_a_layer_from_the_disk_is_told_of_as_the_registry_tells(registry, layer):
    """HEAD is the registry's own answer; GET has the same headers, and parts of it can be had."""
    url = f"{registry.base_url}/blobs/{layer.digest}"
    told = registry.session.head(url, timeout=TIMEOUT_S)
    got = registry.session.get(url, timeout=TIMEOUT_S)
    assert (told.status_code, got.status_code) == (200, 200)
    assert got.content == b"".join(layer.pieces())
    for name in AS_TOLD:
        assert got.headers[name] == told.headers[name], name
    part = registry.session.get(url, headers={"Range": "bytes=1000-1999"}, timeout=TIMEOUT_S)
    assert (part.status_code, part.content) == (206, got.content[1000:2000])


def test_a_layer_goes_only_to_who_may_pull_it(site, registry, layer):
    """Mallory and nobody hear the registry's own words; so does Alice in a repository without it."""
    url = f"{registry.base_url}/blobs/{layer.digest}"
    mallory = RegistryHttp(site, "team/big", person="mallory")
    for session in (mallory.session, plain_session()):
        refused = session.get(url, timeout=TIMEOUT_S)
        assert refused.status_code == 401
        assert refused.json()["errors"][0]["code"] == "UNAUTHORIZED"
        assert f'realm="{site.base_url}/auth/token"' in refused.headers["WWW-Authenticate"]
    elsewhere = RegistryHttp(site, "team/other")
    missing = elsewhere.session.get(f"{elsewhere.base_url}/blobs/{layer.digest}", timeout=TIMEOUT_S)
    assert (missing.status_code, missing.json()["errors"][0]["code"]) == (404, "BLOB_UNKNOWN")


def test_a_layer_on_its_way_outlives_the_registry(site, registry):
    """As when garbage collection or a new key restarts it."""
    blob = Blob(64, seed=b"on its way")
    registry.complete(registry.patch(registry.begin(), blob.pieces()), blob.digest)
    url = f"{registry.base_url}/blobs/{blob.digest}"
    with registry.session.get(url, stream=True, timeout=TIMEOUT_S) as answer:
        pieces = answer.iter_content(MIB)
        size = len(next(pieces))
        os.kill(site.process_ids()["registry"], signal.SIGKILL)
        size += sum(len(piece) for piece in pieces)
    assert size == 64 * MIB
    wait_until(lambda: "registry" in site.process_ids(), what="the registry", timeout_s=60)
    site.wait_healthy()


def test_nothing_of_a_layer_is_kept_in_the_front(site, registry):
    blob = Blob(32, seed=b"passing")
    spooled: list[int] = []

    def pieces() -> Iterator[bytes]:
        for piece in blob.pieces():
            spooled.append(spool_bytes(site))
            yield piece

    registry.complete(registry.patch(registry.begin(), pieces()), blob.digest)
    assert max(spooled) == 0


def spool_bytes(site) -> int:
    """What nginx holds in its temporary files."""
    folders = (site.portal.data / "run").glob("nginx-*")
    return sum(
        file.stat().st_size for folder in folders for file in folder.rglob("*") if file.is_file()
    )


def test_an_upload_goes_on_where_it_was_after_the_registry_was_killed(site, registry):
    blob = Blob(24, seed=b"resumed")
    upload = registry.patch(registry.begin(), blob.pieces(end_mib=8))
    os.kill(site.process_ids()["registry"], signal.SIGKILL)
    site.wait_healthy()
    offset, upload = registry.offset(upload)
    assert offset == 8 * MIB
    upload = registry.patch(upload, blob.pieces(start_mib=8))
    registry.complete(upload, blob.digest)
    assert registry.pull(blob.digest) == (24 * MIB, blob.digest)


def test_a_part_that_broke_is_never_joined_to_the_next(registry):
    """Distribution 2.8 cannot tell how much of a broken part is whole: the client begins anew."""
    blob = Blob(16, seed=b"broken")
    upload = registry.patch(registry.begin(), blob.pieces(end_mib=4))
    break_off(registry, upload, blob.pieces(start_mib=4, end_mib=8))
    wait_until(
        lambda: registry.session.get(upload, timeout=TIMEOUT_S).status_code == 404,
        what="the registry to give the upload up",
        timeout_s=60,
    )
    registry.complete(registry.patch(registry.begin(), blob.pieces()), blob.digest)
    assert registry.pull(blob.digest) == (16 * MIB, blob.digest)


def break_off(registry: RegistryHttp, upload: str, pieces: Iterator[bytes]) -> None:
    """Send a part that says it is longer, and hang up."""
    address = urlsplit(upload)
    token = registry.session.headers["Authorization"]
    head = f"PATCH {address.path}?{address.query} HTTP/1.1\r\nHost: {address.netloc}\r\n"
    head += f"Authorization: {token}\r\nContent-Type: application/octet-stream\r\n"
    head += "Transfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection((address.hostname, address.port), timeout=30) as line:
        line.sendall(head.encode())
        for piece in pieces:
            line.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
