"""What tags lead to, and what may go."""

from __future__ import annotations

from apps.policies.ports import StoredManifest
from apps.policies.rules.reachable import kept_digests, loose_manifests
from apps.policies.rules.references import read_reference, uses_of

DAY = 86_400.0


def manifest(digest: str, *names: str, subject: str = "", days: float = 10) -> StoredManifest:
    """A manifest that came so many days ago."""
    return StoredManifest(digest, days * DAY, frozenset(names), subject)


def test_platforms_and_signatures_are_kept_with_their_index() -> None:
    known = {
        one.digest: one
        for one in (
            manifest("index", "amd64", "arm64"),
            manifest("amd64"),
            manifest("arm64"),
            manifest("signature", subject="amd64"),
            manifest("other"),
        )
    }
    assert kept_digests(known, roots=["index"]) == {"index", "amd64", "arm64", "signature"}


def test_what_nothing_leads_to_goes_index_first() -> None:
    manifests = [manifest("a-platform"), manifest("index", "a-platform"), manifest("tagged")]
    loose = loose_manifests(manifests, roots=["tagged"], older_than_s=DAY)
    assert loose.digests == ("index", "a-platform")


def test_a_platform_of_a_young_index_is_a_push_under_way() -> None:
    manifests = [manifest("platform", days=30), manifest("index", "platform", days=0.1)]
    assert loose_manifests(manifests, roots=[], older_than_s=DAY).digests == ()


def test_references_as_services_write_them() -> None:
    assert read_reference("10.0.0.5:8080/team/app:1@sha256:d") == ("team/app", "1", "sha256:d")
    assert read_reference("team/app") == ("team/app", "latest", "")
    assert read_reference("registry.example/team/app@sha256:d") == ("team/app", "", "sha256:d")
    uses = uses_of(["localhost/team/app:2", "team/app:3"])
    assert uses.tags == {"team/app": {"2", "3"}}
