"""What policies refuse and allow, what retention and garbage collection take and leave: skopeo and a whole portal."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.docker_clients import Skopeo
from tests.e2e.site import TIMEOUT_S, finished_operation, plain_session, seeded
from tests.lab.host import wait_until
from tests.plugins import oci
from tests.plugins.portal import started_portal

pytestmark = [pytest.mark.registry, pytest.mark.clients, pytest.mark.portal]

SEEN_WITHIN_S = 30


@pytest.fixture(scope="module")
def site():
    """A portal of its own, without an engine: its registry is made read-only and collected here."""
    folder = Path(tempfile.mkdtemp(prefix="dce-policies-"))
    try:
        with started_portal(folder / "var") as portal:
            yield seeded(portal)
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def admin(site):
    return site.api("admin")


@pytest.fixture(scope="module")
def alice(site, tmp_path_factory):
    """skopeo as the owner of `team`."""
    return signed_in(site, tmp_path_factory, "alice")


@pytest.fixture(scope="module")
def bob(site, admin, tmp_path_factory):
    """skopeo as a writer."""
    grant = {"namespace": "team", "person": "bob", "role": "writer"}
    assert admin.post("grants/", grant).status_code == 201
    return signed_in(site, tmp_path_factory, "bob")


def signed_in(site, tmp_path_factory, person):
    client = Skopeo(tmp_path_factory.mktemp(person))
    answer = client.login(site.host, person, site.tokens[person])
    assert answer.ok, answer.text
    return client


@pytest.fixture
def image(tmp_path_factory):
    """Makes a small image of its own content."""

    def make(text, *, platform="linux/amd64", size_bytes=0):
        folder = tmp_path_factory.mktemp("image")
        # What no client can make smaller on its way.
        content = text.encode() + random.Random(text).randbytes(size_bytes)
        return oci.write_image(folder, content=content, platform=platform)

    return make


@pytest.fixture
def push(site):
    """Pushes a layout; returns how it ended."""

    def go(client, layout, name):
        return client.copy(layout.source, f"docker://{site.host}/{name}", "--all")

    return go


def rule(admin, path, **values):
    """Make a rule or a quota."""
    answer = admin.post(path, values)
    assert answer.status_code == 201, answer.text
    return answer.json()


def done(site, answer):
    """The operation that an answer started, once it has succeeded."""
    assert answer.status_code == 202, answer.text
    ended = finished_operation(site.api("admin"), answer.headers["Location"])
    assert ended["state"] == "succeeded", ended
    return ended


def wait_for_tags(admin, repository, count):
    """Events reach the catalogue within seconds."""
    wait_until(
        lambda: len(admin.list("tags/", repository=repository)) == count,
        what=f"{count} tags in {repository}",
        timeout_s=SEEN_WITHIN_S,
    )


def test_an_immutable_tag_stays_what_it_is(site, admin, alice, image, push):
    rule(admin, "tag-rules/", namespace="team", repositories="fixed", tags="v*")
    first = image("first")
    assert push(alice, first, "team/fixed:v1").ok
    assert push(alice, first, "team/fixed:v1").ok, "the same image again changes nothing"
    digest = alice.inspect(f"{site.host}/team/fixed:v1")["Digest"]
    other = push(alice, image("second"), "team/fixed:v1")
    assert not other.ok
    assert "denied: the tag v1 is immutable and exists already" in other.text
    assert push(alice, image("second"), "team/fixed:v2").ok, "a new tag may be made"
    assert push(alice, image("third"), "team/fixed:latest").ok
    assert push(alice, image("fourth"), "team/fixed:latest").ok, "no rule speaks of it"
    gone = alice.run("delete", "--tls-verify=false", f"docker://{site.host}/team/fixed:v1")
    assert not gone.ok
    assert "the tag v1 is immutable and cannot be deleted" in gone.text
    assert alice.inspect(f"{site.host}/team/fixed:v1")["Digest"] == digest


def test_overwriting_and_creating_are_different_rights(admin, alice, bob, image, push):
    rule(
        admin,
        "tag-rules/",
        namespace="team",
        repositories="parts",
        kind="protected",
        tags="release-*",
        who_creates="writer",
        who_overwrites="owner",
    )
    assert push(bob, image("one"), "team/parts:release-1").ok
    refused = push(bob, image("two"), "team/parts:release-1")
    assert not refused.ok
    assert "overwriting it needs the role owner" in refused.text
    assert push(alice, image("two"), "team/parts:release-1").ok
    assert push(bob, image("three"), "team/parts:daily").ok


def test_only_allowed_platforms_up_to_a_size(admin, alice, image, push, tmp_path):
    rule(
        admin,
        "image-rules/",
        namespace="team",
        repositories="small",
        platforms="linux/amd64, linux/arm64",
        most_bytes=40_000,
    )
    assert push(alice, image("fits"), "team/small:1").ok
    assert push(alice, oci.write_index(tmp_path / "index"), "team/small:all").ok
    windows = push(alice, image("other", platform="windows/amd64"), "team/small:2")
    assert not windows.ok
    assert "images for windows/amd64 are not allowed here" in windows.text
    large = push(alice, image("large", size_bytes=60_000), "team/small:3")
    assert not large.ok
    assert "at most 39.1 KiB are allowed here" in large.text


def test_a_quota_takes_what_fits_and_gives_back(site, admin, alice, image, push):
    assert admin.post("namespaces/", {"name": "narrow"}).status_code == 201
    grant = {"namespace": "narrow", "person": "alice", "role": "owner"}
    assert admin.post("grants/", grant).status_code == 201
    quota = rule(admin, "quotas/", namespace="narrow", most_tags=2, most_bytes=1_000_000)
    assert push(alice, image("one"), "narrow/app:1").ok
    assert push(alice, image("one"), "narrow/app:2").ok
    third = push(alice, image("one"), "narrow/app:3")
    assert not third.ok
    assert "the namespace narrow has 2 of the 2 tags that it may have" in third.text
    used = admin.get(quota["url"])["used_bytes"]
    assert admin.request("PATCH", quota["url"], json={"most_tags": None, "most_bytes": used}).ok
    assert push(alice, image("one"), "narrow/app:3").ok, "nothing new comes with it"
    fuller = push(alice, image("new"), "narrow/app:4")
    assert not fuller.ok
    assert "the namespace narrow holds" in fuller.text
    assert push(alice, image("new"), "team/app:4").ok, "another namespace has no quota"


def test_retention_takes_tags_and_leaves_their_siblings(site, admin, alice, image, push):
    same = image("same")
    for tag in ("1", "2", "3"):
        assert push(alice, same, f"public/app:{tag}").ok
    digest = alice.inspect(f"{site.host}/public/app:2")["Digest"]
    assert push(alice, image("young"), "public/app:4").ok
    wait_for_tags(admin, "public/app", 4)
    rule(admin, "retention-rules/", namespace="public", keep_last=1, keep_matching="2")
    preview = admin.get("retention-preview/", namespace="public")
    assert {line["tag"] for line in preview["going"]} == {"1", "3"}
    kept = {line["tag"]: line["because"] for line in preview["kept"]}
    assert kept == {"2": "it matches 2", "4": "it is the last of its repository"}
    ended = done(site, admin.post("retention-runs/", {"namespace": "public"}))
    assert (ended["result"]["deleted"], ended["result"]["kept"]) == (2, 2)
    tags = alice.must("list-tags", "--tls-verify=false", f"docker://{site.host}/public/app")
    assert '"2"' in tags
    assert '"1"' not in tags
    assert '"3"' not in tags
    assert alice.inspect(f"{site.host}/public/app:2")["Digest"] == digest


def test_a_read_only_registry_is_pulled_from_and_not_pushed_to(site, alice, image, push):
    switch = next(site.portal.data.glob("run")) / "registry-read-only"
    assert push(alice, image("before"), "team/switch:1").ok
    switch.touch()
    try:
        with plain_session() as session:
            url = f"{site.base_url}/v2/team/switch/blobs/uploads/"
            answer = session.post(url, timeout=TIMEOUT_S)
        assert answer.status_code == 503
        assert answer.json()["errors"][0]["code"] == "UNAVAILABLE"
        assert "read-only" in answer.json()["errors"][0]["message"]
        assert not push(alice, image("meanwhile"), "team/switch:2").ok
        assert alice.inspect(f"{site.host}/team/switch:1")
    finally:
        switch.unlink(missing_ok=True)
    assert push(alice, image("after"), "team/switch:2").ok


def test_a_layer_goes_only_with_the_images_that_have_it(site, alice, image, push):
    layout = image("whole")
    assert push(alice, layout, "team/whole-layers:1").ok
    name = "team/whole-layers"
    with plain_session() as session:
        answer = session.get(
            f"{site.base_url}/auth/token",
            params={"service": "dce-registry", "scope": f"repository:{name}:pull,delete"},
            auth=("alice", site.tokens["alice"]),
            timeout=TIMEOUT_S,
        )
        session.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        url = f"{site.base_url}/v2/{name}"
        manifest = session.get(
            f"{url}/manifests/1", headers={"Accept": oci.MANIFEST_TYPE}, timeout=TIMEOUT_S
        )
        (layer,) = manifest.json()["layers"]
        refused = session.delete(f"{url}/blobs/{layer['digest']}", timeout=TIMEOUT_S)
        there = session.head(f"{url}/blobs/{layer['digest']}", timeout=TIMEOUT_S)
    assert (refused.status_code, there.status_code) == (405, 200)
    assert refused.json()["errors"][0]["code"] == "UNSUPPORTED"


def test_garbage_is_estimated_collected_and_nothing_else(site, admin, alice, tmp_path, image, push):
    index = oci.write_index(tmp_path / "index")
    assert push(alice, index, "team/whole:1").ok
    assert push(alice, image("goes", size_bytes=50_000), "team/gone:1").ok
    wait_for_tags(admin, "team/gone", 1)
    done(site, admin.post("deletions/", {"repository": "team/gone", "tag": "1"}))
    # What is younger than an hour may be a push under way.
    two_hours_ago = time.time() - 7200
    for link in (site.portal.data / "registry").rglob("team/gone/_manifests/revisions/**/link"):
        os.utime(link, (two_hours_ago, two_hours_ago))
    (row,) = admin.list("repositories/", name="team/gone")
    wish = admin.post("collections/", {"is_dry_run": False, "delete_untagged": True})
    assert wish.status_code == 409
    rule(admin, "retention-rules/", namespace="team", keep_matching="*", untagged_days=0)
    done(site, admin.post("retention-runs/", {"namespace": "team"}))
    estimate = done(site, admin.post("collections/", {"is_dry_run": True}))["result"]
    ended = done(site, admin.post("collections/", {"is_dry_run": False}))["result"]
    assert ended["won_bytes"] >= estimate["would_win_bytes"] > 50_000
    assert "team/gone" in ended["repositories"]
    assert admin.list("repositories/", name=row["name"]) == []
    assert push(alice, image("again"), "team/whole:2").ok
    copied = alice.copy(f"docker://{site.host}/team/whole:1", f"dir:{tmp_path}/copy", "--all")
    assert copied.ok, copied.text


@pytest.mark.parametrize("killed", ["worker", "process of its pool"])
def test_a_collection_goes_on_by_itself_after_its_worker_was_killed(
    site, admin, alice, image, push, killed
):
    assert push(alice, image("stays"), "team/stays:1").ok
    loose = litter(site.portal.data / "registry", count=4000, name=killed)
    answer = admin.post("collections/", {"is_dry_run": False})
    rows = site.portal.data / "portal.sqlite3"
    worker = site.process_ids()["worker"]
    ends = {"collecting", "done", "failed"}
    wait_until(lambda: step_of(rows) in ends, what="the step", timeout_s=60)
    os.kill(worker if killed == "worker" else busy_child(worker), signal.SIGKILL)
    left = [blob for blob in loose if blob.exists()]
    assert left, "it was over before the worker was killed"
    ended = finished_operation(admin, answer.headers["Location"])
    assert ended["state"] == "succeeded", ended
    told = [line["text"] for line in ended["log"]]
    assert any("goes on with the step “collecting”" in line for line in told), told
    assert told[-1] == "The registry takes pushes again."
    (row, *_earlier) = admin.list("collections/")
    assert (row["step"], row["problem"]) == ("done", "")
    assert not [blob for blob in loose if blob.exists()]
    assert not (next(site.portal.data.glob("run")) / "registry-read-only").exists()
    assert push(alice, image("afterwards"), "team/after:1").ok


def busy_child(worker):
    """The process of the pool that has a collector under it."""
    return next(child for child in children(worker) if children(child))


def children(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def litter(registry, *, count, name):
    """Blobs that nothing names, so many that deleting them takes a while."""
    blobs = registry / "docker" / "registry" / "v2" / "blobs" / "sha256"
    made = []
    for number in range(count):
        content = f"{name} {number}".encode()
        digest = hashlib.sha256(content).hexdigest()
        folder = blobs / digest[:2] / digest
        folder.mkdir(parents=True)
        (folder / "data").write_bytes(content)
        made.append(folder / "data")
    return made


def step_of(database):
    """Asked in the database: the API is too slow to see a step of a second."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT step FROM policies_collection ORDER BY id DESC LIMIT 1")
        return rows.fetchone()[0]
