"""What comes here obeys the rules for images and the quota of its namespace, before anything of it is copied."""

from __future__ import annotations

import hashlib
import json
import tempfile

import pytest
import requests

from apps.accounts.models import AuditEvent
from apps.policies.adapters.storage import RegistryStorage
from apps.policies.models import ImageRule, NamespaceBlob, NotedPush, Quota, TagRule
from apps.registry.services import own_registry
from apps.replication import backends
from apps.replication.models import CacheNamespace
from apps.replication.ports import CopyJob, Place
from apps.replication.services import caching, on_demand, running
from apps.replication.services.on_demand import NotFetched, fetch_missing
from dce_portal.errors import NotFound, Unavailable
from dce_portal.origin import PORTAL
from tests.e2e.oci_layout import INDEX, write_index
from tests.factories.registry import NamespaceFactory
from tests.integration.replication.conftest import copy_layout
from tests.integration.replication.test_replication import carried_out, lines, rule_of
from tests.standins.second_registry import PASSWORD, USER

pytestmark = [pytest.mark.django_db, pytest.mark.registry]

ONLY_AMD64 = "images for linux/arm64 are not allowed here; allowed: linux/amd64"


@pytest.fixture
def up(own, remote, tmp_path):
    """Puts an image of some platforms into the other registry; a name of its own for each test."""
    from apps.replication.backends import place_of

    made = iter(range(100))

    def put(name, *platforms):
        folder = tmp_path / str(next(made))
        digest = write_index(folder, platforms=platforms)
        copy_layout(folder, CopyJob(Place(host=""), "", place_of(remote), name))
        return digest, folder

    return put


@pytest.fixture
def namespace():
    return NamespaceFactory(name="arriving")


@pytest.fixture
def cache(remote):
    return caching.save_cache(
        CacheNamespace(namespace=NamespaceFactory(name="near"), remote=remote), {}, origin=PORTAL
    )


def pull(remote, names):
    rule = rule_of(remote, name="in", direction="pull", repositories=names, prefix="arriving")
    return carried_out(running.start_rule(rule, origin=PORTAL))


def is_here(repository, tag):
    with own_registry() as registry:
        try:
            return registry.digest_of(repository, tag=tag)
        except NotFound:
            return None


def nothing_came(repository, folder):
    """Neither the tag nor one of the manifests that went before it."""
    (index,) = json.loads((folder / "index.json").read_text())["manifests"]
    body = (folder / "blobs" / "sha256" / index["digest"].partition(":")[2]).read_bytes()
    digests = [index["digest"], *(one["digest"] for one in json.loads(body)["manifests"])]
    with own_registry() as registry:
        for digest in digests:
            with pytest.raises(NotFound):
                registry.manifest(repository, digest=digest)
    return True


def test_a_platform_that_is_not_allowed_keeps_the_whole_image_out(up, remote, namespace):
    ImageRule.objects.create(namespace=namespace, platforms="linux/amd64")
    _digest, folder = up("plat/both:1", "amd64", "arm64")
    digest, _folder = up("plat/one:1", "amd64")
    done = pull(remote, "plat/*")
    assert done.state == "failed"
    assert f"✗ arriving/plat/both:1: {ONLY_AMD64}" in lines(done)
    assert "arriving/plat/both:1" in done.error
    assert nothing_came("arriving/plat/both", folder)
    assert is_here("arriving/plat/one", "1") == digest


def test_an_index_that_hides_a_platform_deceives_nobody(up, remote, namespace, tmp_path):
    from apps.replication.backends import place_of

    ImageRule.objects.create(namespace=namespace, platforms="linux/amd64")
    _digest, folder = up("plat/honest:1", "arm64")
    blobs = folder / "blobs" / "sha256"
    (index,) = json.loads((folder / "index.json").read_text())["manifests"]
    document = json.loads((blobs / index["digest"].partition(":")[2]).read_text())
    document["manifests"][0]["platform"] = {"os": "linux", "architecture": "amd64"}
    body = json.dumps(document).encode()
    name = hashlib.sha256(body).hexdigest()
    (blobs / name).write_bytes(body)
    entry = {**index, "mediaType": INDEX, "digest": f"sha256:{name}", "size": len(body)}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    copy_layout(folder, CopyJob(Place(host=""), "", place_of(remote), "plat/lying:1"))
    done = pull(remote, "plat/lying")
    assert f"✗ arriving/plat/lying:1: {ONLY_AMD64}" in lines(done)
    assert nothing_came("arriving/plat/lying", folder)


def test_an_image_that_is_too_large_stays_away(up, remote, namespace):
    ImageRule.objects.create(namespace=namespace, most_bytes=10)
    _digest, folder = up("size/app:1", "amd64")
    done = pull(remote, "size/app")
    assert any("and at most 10 B are allowed here" in line for line in lines(done))
    assert nothing_came("arriving/size/app", folder)


def test_a_quota_lets_in_what_fits_and_notes_nothing_of_the_rest(up, remote, namespace):
    quota = Quota.objects.create(namespace=namespace, most_tags=1)
    first, _folder = up("quota/a:1", "amd64", "arm64")
    _digest, folder = up("quota/b:1", "amd64", "s390x")
    done = pull(remote, "quota/*")
    assert is_here("arriving/quota/a", "1") == first
    assert (
        "✗ arriving/quota/b:1: the namespace arriving has 1 of the 1 tags that it may have"
        in lines(done)
    )
    assert nothing_came("arriving/quota/b", folder)
    assert [one.tag for one in NotedPush.objects.all()] == ["1"]
    quota.refresh_from_db()
    held = NamespaceBlob.objects.filter(namespace=namespace)
    assert quota.used_bytes == sum(held.values_list("size_bytes", flat=True)) > 0
    # An index, two manifests, two configurations, two layers.
    assert held.count() == 7


def test_bytes_of_all_platforms_count_together(up, remote, namespace):
    Quota.objects.create(namespace=namespace, most_bytes=1000)
    _digest, folder = up("bytes/app:1", "amd64", "arm64", "s390x")
    done = pull(remote, "bytes/app")
    assert any("more do not fit" in line for line in lines(done))
    assert nothing_came("arriving/bytes/app", folder)
    assert not NamespaceBlob.objects.exists()


def test_what_was_looked_at_is_what_is_copied(up, remote, namespace, monkeypatch):
    """The tag moves upstream between the look and the copy."""
    ImageRule.objects.create(namespace=namespace, platforms="linux/amd64")
    seen, _folder = up("moving/app:1", "amd64")
    real = backends.copier()

    class MovesTheTag:
        manifest, config = staticmethod(real.manifest), staticmethod(real.config)

        def copy(self, job, *, is_wanted):
            up("moving/app:1", "arm64")
            real.copy(job, is_wanted=is_wanted)

    monkeypatch.setattr(backends, "copier", MovesTheTag)
    done = pull(remote, "moving/app")
    assert done.state == "succeeded", done.log
    assert is_here("arriving/moving/app", "1") == seen


def test_without_rules_nothing_is_read_before(up, remote, namespace, monkeypatch):
    digest, _folder = up("free/app:1", "amd64")

    def read(*_arguments):
        raise AssertionError("nobody needs to know")

    monkeypatch.setattr("apps.replication.adapters.skopeo._read", read)
    assert pull(remote, "free/app").state == "succeeded"
    assert is_here("arriving/free/app", "1") == digest


def test_a_cache_refuses_with_the_rules_sentence_and_writes_it_once(up, cache, monkeypatch):
    ImageRule.objects.create(namespace=cache.namespace, platforms="linux/amd64")
    _digest, folder = up("cached/app:1", "amd64", "arm64")
    looks = []
    real = on_demand._copy
    monkeypatch.setattr(on_demand, "_copy", lambda wanted: (looks.append(wanted), real(wanted)))
    for _try in range(2):
        with pytest.raises(NotFetched) as refused:
            fetch_missing("near/cached/app", "1", address="192.0.2.7")
        assert (refused.value.status, refused.value.code) == (403, "DENIED")
        assert refused.value.message == ONLY_AMD64
    assert len(looks) == 1
    entry = AuditEvent.objects.get(action="registry.refuse")
    assert (entry.target_label, entry.address) == ("near/cached/app:1", "192.0.2.7")
    assert entry.detail["reason"] == ONLY_AMD64
    assert nothing_came("near/cached/app", folder)
    by_hand = carried_out(caching.start_fetch(cache, "cached/app:1", origin=PORTAL))
    assert f"✗ near/cached/app:1: {ONLY_AMD64}" in lines(by_hand)


def test_a_cache_makes_no_tag_that_nobody_may_make(up, cache):
    rule = {"kind": "protected", "who_creates": "nobody"}
    TagRule.objects.create(namespace=cache.namespace, tags="1", **rule)
    digest, _folder = up("tagged/app:1", "amd64")
    with pytest.raises(NotFetched, match="nobody may create it"):
        fetch_missing("near/tagged/app", "1", address=None)
    # By digest no tag is made.
    fetch_missing("near/tagged/app", digest, address=None)
    with own_registry() as registry:
        assert registry.manifest("near/tagged/app", digest=digest).children


def test_what_fits_is_fetched_and_counted(up, cache):
    Quota.objects.create(namespace=cache.namespace, most_tags=1, most_bytes=100_000)
    digest, _folder = up("fits/app:1", "amd64")
    fetch_missing("near/fits/app", "1", address=None)
    assert is_here("near/fits/app", "1") == digest
    up("fits/app:2", "amd64", "arm64")
    with pytest.raises(NotFetched, match="has 1 of the 1 tags"):
        fetch_missing("near/fits/app", "2", address=None)


def test_what_cannot_be_read_is_not_let_in(up, remote, namespace, monkeypatch):
    """On doubt nothing comes: the configuration is where the platform stands."""
    ImageRule.objects.create(namespace=namespace, platforms="linux/amd64")
    _digest, folder = up("doubt/app:1", "amd64")

    def away(*_arguments):
        raise Unavailable("no configuration")

    monkeypatch.setattr("apps.replication.adapters.skopeo.Skopeo.config", away)
    assert "✗ arriving/doubt/app:1: no configuration" in lines(pull(remote, "doubt/app"))
    assert nothing_came("arriving/doubt/app", folder)


def test_a_manifest_that_lies_about_its_size_is_not_taken(
    up, remote, second, namespace, registry_server, monkeypatch
):
    """Neither a registry nor skopeo compares what a manifest says with what the layers are."""
    files = RegistryStorage(registry_server.socket.parent / "data")
    monkeypatch.setattr("apps.policies.backends.storage", lambda: files)
    ImageRule.objects.create(namespace=namespace, most_bytes=200)
    # No other test's layer: what is here already is known by its true size.
    _digest, folder = up("lying/app:1", "riscv64")
    (index,) = json.loads((folder / "index.json").read_text())["manifests"]
    blobs = folder / "blobs" / "sha256"
    (one,) = json.loads((blobs / index["digest"].partition(":")[2]).read_text())["manifests"]
    document = json.loads((blobs / one["digest"].partition(":")[2]).read_text())
    document["layers"][0]["size"] = 1
    put_manifest(second, "lying/app", "2", document)
    done = pull(remote, "lying/app")
    told = " ".join(lines(done))
    assert "✗ arriving/lying/app:1: the image has 2" in told
    assert "✗ arriving/lying/app:2: The copy failed" in told
    assert is_here("arriving/lying/app", "2") is None


def put_manifest(second, repository, tag, document):
    """As no client would."""
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as authority:
        authority.write(second.ca_pem)
        authority.flush()
        answer = requests.put(
            f"{second.url}/v2/{repository}/manifests/{tag}",
            data=json.dumps(document),
            headers={"Content-Type": document["mediaType"]},
            auth=(USER, PASSWORD),
            verify=authority.name,
            timeout=20,
        )
    assert answer.status_code == 201, answer.text
