"""The key that signs registry tokens is replaced while pulls go on: none of them fails, and a killed worker goes on."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import jwt
import pytest

from tests.e2e.registry_http import Blob, RegistryHttp
from tests.e2e.site import TIMEOUT_S, Site, finished_operation, plain_session, seeded
from tests.lab.host import wait_until
from tests.plugins.oci import CONFIG_TYPE, LAYER_TYPE, MANIFEST_TYPE
from tests.plugins.portal import started_portal

pytestmark = [pytest.mark.portal, pytest.mark.registry]

WITHIN_S = 120
LONG_AGO_S = 3600
PULLERS = 3


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """A portal of this module's own: its keys change."""
    folder = Path(tempfile.mkdtemp(prefix="dce-keys-"))
    try:
        nowhere = {"DCE_DOCKER_HOST": f"unix://{folder}/none.sock"}
        with started_portal(folder / "var", **nowhere) as portal:
            site = seeded(portal)
            site.wait_healthy()
            yield site
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def manifest(site: Site) -> str:
    """team/app:1 with one layer."""
    registry = RegistryHttp(site, "team/app")
    layer = Blob(1)
    registry.complete(registry.patch(registry.begin(), layer.pieces()), layer.digest)
    config = b"{}"
    config_digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
    registry.complete(registry.patch(registry.begin(), iter([config])), config_digest)
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": {"mediaType": CONFIG_TYPE, "size": len(config), "digest": config_digest},
        "layers": [{"mediaType": LAYER_TYPE, "size": 1024 * 1024, "digest": layer.digest}],
    }
    answer = registry.session.put(
        f"{registry.base_url}/manifests/1",
        data=json.dumps(document),
        headers={"Content-Type": MANIFEST_TYPE},
        timeout=TIMEOUT_S,
    )
    assert answer.status_code == 201, answer.text
    return layer.digest


@dataclass
class Pullers:
    """Threads that pull one image over and over, each time with a new token."""

    site: Site
    layer: str
    pulls: int = 0
    failures: list[str] = field(default_factory=list)
    _end: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Pullers:
        self._threads = [threading.Thread(target=self._work) for _ in range(PULLERS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join(timeout=WITHIN_S)

    def _work(self) -> None:
        while not self._end.is_set():
            try:
                self._pull()
            except Exception as error:
                self.failures.append(repr(error))
            else:
                self.pulls += 1

    def _pull(self) -> None:
        registry = RegistryHttp(self.site, "team/app")
        with registry.session:
            answer = registry.session.get(
                f"{registry.base_url}/manifests/1",
                headers={"Accept": MANIFEST_TYPE},
                timeout=TIMEOUT_S,
            )
            answer.raise_for_status()
            assert registry.pull(self.layer)[1] == self.layer


def key_id(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def new_token(site: Site) -> str:
    registry = RegistryHttp(site, "team/app")
    with registry.session:
        return str(registry.session.headers["Authorization"]).removeprefix("Bearer ")


def status_with(site: Site, token: str) -> int:
    with plain_session() as session:
        headers = {"Authorization": f"Bearer {token}", "Accept": MANIFEST_TYPE}
        url = f"{site.base_url}/v2/team/app/manifests/1"
        return session.get(url, headers=headers, timeout=TIMEOUT_S).status_code


def key_ids(site: Site) -> set[str]:
    with plain_session() as session:
        keys = session.get(f"{site.base_url}/auth/jwks", timeout=TIMEOUT_S).json()["keys"]
    return {key["kid"] for key in keys}


def start(site: Site) -> str:
    answer = site.api().post("registry/rotate-keys/")
    assert answer.status_code == 202, answer.text
    return str(answer.headers["Location"])


def wait_overlap(site: Site, url: str) -> None:
    """Until the new key signs and the old one waits for its last token's end."""

    def is_there() -> bool:
        operation = site.api().get(url)
        assert operation["state"] in {"queued", "running"}, operation
        return any("stays trusted" in line["text"] for line in operation["log"])

    wait_until(is_there, what="the overlap of both keys", timeout_s=WITHIN_S)


def let_old_tokens_end(site: Site) -> None:
    """As if the new key had signed for an hour."""
    long_ago = time.time() - LONG_AGO_S
    os.utime(site.portal.data / "secrets" / "token-key.pem", (long_ago, long_ago))


def test_no_pull_fails_while_the_key_is_replaced(site: Site, manifest: str) -> None:
    old_token = new_token(site)
    old_ids = key_ids(site)
    with Pullers(site, manifest) as pullers:
        url = start(site)
        wait_overlap(site, url)
        assert key_id(new_token(site)) not in old_ids
        assert len(key_ids(site)) == 2 * len(old_ids) == 4
        assert status_with(site, old_token) == 200
        before = pullers.pulls
        let_old_tokens_end(site)
        operation = finished_operation(site.api(), url, timeout_s=WITHIN_S)
        assert operation["state"] == "succeeded", operation
        wait_until(lambda: pullers.pulls > before + PULLERS, what="more pulls", timeout_s=WITHIN_S)
    assert pullers.failures == []
    assert key_ids(site).isdisjoint(old_ids)
    assert status_with(site, old_token) == 401


def test_a_killed_worker_goes_on(site: Site, manifest: str) -> None:
    old_ids = key_ids(site)
    url = start(site)
    wait_overlap(site, url)
    os.kill(site.process_ids()["worker"], signal.SIGKILL)
    let_old_tokens_end(site)
    wait_until(lambda: len(key_ids(site)) == 2, what="the old key to end", timeout_s=2 * WITHIN_S)
    assert key_ids(site).isdisjoint(old_ids)
    assert site.api().get(url)["state"] == "failed"
    findings = {row["name"]: row["state"] for row in site.api().get("registry/check/")}
    assert findings["registry"] == findings["token"] == findings["audience"] == "good"


def test_a_second_rotation_waits_and_mallory_is_refused(site: Site) -> None:
    for person, status in (("mallory", 403), ("", 401)):
        assert site.api(person).post("registry/rotate-keys/").status_code == status
        assert site.api(person).request("GET", "registry/check/").status_code == status
