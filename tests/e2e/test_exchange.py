"""Webhooks, replication, cache namespaces and blocked pulls: skopeo, podman, a second registry and a whole portal."""

from __future__ import annotations

import hashlib
import hmac
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.e2e.docker_clients import Podman, Skopeo
from tests.e2e.oci_layout import write_index
from tests.e2e.site import finished_operation, seeded
from tests.lab.host import wait_until
from tests.plugins import oci
from tests.plugins.portal import started_portal
from tests.standins.receivers import http_receiver
from tests.standins.second_registry import PASSWORD, USER, second_registry
from tests.standins.trivy import write_trivy

pytestmark = [pytest.mark.registry, pytest.mark.clients, pytest.mark.portal]

SEEN_WITHIN_S = 40
BLOCKED = "CVE-2019-14697"


@pytest.fixture(scope="module")
def folder():
    """Short, for the sockets in it."""
    made = Path(tempfile.mkdtemp(prefix="dce-exchange-"))
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def second(folder):
    """Another registry, with TLS and a password."""
    (folder / "second").mkdir()
    with second_registry(folder / "second") as registry:
        yield registry


@pytest.fixture(scope="module")
def site(folder):
    """A portal that has a scanner, and may send to this machine."""
    (folder / "trivy").mkdir()
    settings = {
        "DCE_TRIVY": str(write_trivy(folder / "trivy")),
        "DCE_WEBHOOK_PRIVATE_ADDRESSES": "yes",
    }
    with started_portal(folder / "var", **settings) as portal:
        yield seeded(portal)


@pytest.fixture(scope="module")
def admin(site):
    return site.api("admin")


@pytest.fixture(scope="module")
def remote(admin, second):
    """The other registry as the portal knows it."""
    facts = {"name": "second", "url": second.url, "ca_pem": second.ca_pem}
    return made(admin, "remote-registries/", **facts, username=USER, secret=PASSWORD)["id"]


@pytest.fixture(scope="module")
def alice(site, tmp_path_factory):
    """skopeo as the owner of `team`."""
    client = Skopeo(tmp_path_factory.mktemp("alice"))
    assert client.login(site.host, "alice", site.tokens["alice"]).ok
    return client


class Upstream(Skopeo):
    """skopeo at the other registry."""

    host = ""


@pytest.fixture(scope="module")
def upstream(second, tmp_path_factory):
    """Signed in there."""
    client = Upstream(tmp_path_factory.mktemp("upstream"))
    client.host = second.host
    assert client.login(second.host, USER, PASSWORD).ok
    return client


def made(admin, path, **values):
    answer = admin.post(path, values)
    assert answer.status_code == 201, answer.text
    return answer.json()


def push(site, client, folder, name, *, text="one"):
    layout = oci.write_image(folder, content=text.encode())
    answer = client.copy(layout.source, f"docker://{site.host}/{name}", "--all")
    assert answer.ok, answer.text
    return str(client.inspect(f"{site.host}/{name}")["Digest"])


def test_a_push_is_told_and_carried_to_the_other_registry(
    site, admin, alice, upstream, remote, tmp_path
):
    with http_receiver() as receiver:
        hook = made(
            admin, "webhooks/", name="ci", url=receiver.url("ok"), kinds=["push"], patterns="team/*"
        )
        made(
            admin,
            "replication-rules/",
            name="out",
            remote=remote,
            direction="push",
            repositories="team/told",
            prefix="mirror",
            on_push=True,
        )
        digest = push(site, alice, tmp_path / "image", "team/told:1")
        wait_until(lambda: receiver.requests, what="the webhook", timeout_s=SEEN_WITHIN_S)
        got = receiver.requests[0]
    assert got.json["data"]["digest"] == digest
    assert (got.json["repository"], got.json["data"]["tag"]) == ("team/told", "1")
    signed = got.headers["X-DCE-Timestamp"].encode() + b"." + got.body
    expected = hmac.new(hook["key"].encode(), signed, hashlib.sha256).hexdigest()
    assert got.headers["X-DCE-Signature"] == f"sha256={expected}"

    def is_there():
        return second_has(upstream, f"{upstream.host}/mirror/team/told:1")

    wait_until(is_there, what="the copy", timeout_s=SEEN_WITHIN_S)
    assert upstream.inspect(f"{upstream.host}/mirror/team/told:1")["Digest"] == digest
    (rule,) = admin.list("replication-rules/")
    ended = finished_operation(admin, started(admin, f"replication-rules/{rule['id']}/run/"))
    assert ended["result"] == {"copied": 0, "already_there": 1, "failed": 0, "left": 0}


def started(admin, path):
    """The address of a run, once the one that the push began is over: they take turns."""
    answers = []

    def is_taken():
        answers.append(admin.post(path))
        return answers[-1].status_code == 202

    wait_until(is_taken, what="the run to begin", timeout_s=SEEN_WITHIN_S)
    return answers[-1].headers["Location"]


def second_has(client, name):
    return client.run("inspect", "--tls-verify=false", "--raw", f"docker://{name}").ok


def test_a_cache_namespace_answers_pulls_from_upstream(
    site, admin, alice, upstream, remote, folder
):
    # Short, since podman's own folders lie in it.
    work = folder / "c"
    work.mkdir()
    digest = write_index(work / "up", platforms=("amd64", "arm64"))
    name = f"docker://{upstream.host}/tools/jq"
    for tag in ("2", "3", "4"):
        flags = ("--all", "--preserve-digests")
        assert upstream.copy(f"oci:{work / 'up'}:1", f"{name}:{tag}", *flags).ok
    made(admin, "namespaces/", name="hub")
    made(admin, "grants/", namespace="hub", person="alice", role="reader")
    made(admin, "cache-namespaces/", namespace="hub", remote=remote)
    here = f"docker://{site.host}/hub/tools/jq"
    pulled = alice.copy(f"{here}:2", f"oci:{work / 'down'}:2", "--all", "--preserve-digests")
    assert pulled.ok, pulled.text
    assert digest.partition(":")[2] in (work / "down" / "index.json").read_text()
    podman = Podman(work)
    assert podman.login(site.host, "alice", site.tokens["alice"]).ok
    other = podman.run("pull", "--tls-verify=false", f"{site.host}/hub/tools/jq:3")
    assert other.ok, other.text
    missing = alice.copy(f"{here}:none", f"oci:{work / 'none'}:1")
    assert "manifest unknown" in missing.text
    stranger = Skopeo(work / "stranger")
    (work / "stranger").mkdir()
    assert stranger.login(site.host, "mallory", site.tokens["mallory"]).ok
    refused = stranger.copy(f"{here}:2", f"oci:{work / 'stolen'}:1")
    assert not refused.ok
    assert "denied" in refused.text or "unauthorized" in refused.text
    made(admin, "image-rules/", namespace="hub", platforms="linux/amd64")
    barred = alice.copy(f"{here}:4", f"oci:{work / 'barred'}:1", "--all")
    assert "denied: images for linux/arm64 are not allowed here" in barred.text
    assert alice.copy(f"{here}:3", f"oci:{work / 'earlier'}:1", "--all").ok


def test_an_image_with_a_bad_vulnerability_is_not_pulled(site, admin, alice, tmp_path):
    made(admin, "namespaces/", name="strict")
    made(admin, "grants/", namespace="strict", person="alice", role="writer")
    policy = made(admin, "scan-policies/", namespace="strict", block_from="critical")
    push(site, alice, tmp_path / "image", "strict/app:1", text="strict")

    def is_scanned():
        rows = site.api("alice").list("scan-reports/", repository="strict/app")
        return bool(rows) and rows[0]["state"] in {"done", "failed"}

    wait_until(is_scanned, what="the scan", timeout_s=SEEN_WITHIN_S)
    (report,) = site.api("alice").list("scan-reports/", repository="strict/app")
    assert (report["state"], report["critical"]) == ("done", 1), report
    name = f"docker://{site.host}/strict/app:1"
    refused = alice.copy(name, f"oci:{tmp_path / 'refused'}:1")
    assert not refused.ok
    assert BLOCKED in refused.text
    change = {"excepted": f"{BLOCKED} not reachable"}
    assert admin.request("PATCH", policy["url"], json=change).ok
    allowed = alice.copy(name, f"oci:{tmp_path / 'allowed'}:1")
    assert allowed.ok, allowed.text
