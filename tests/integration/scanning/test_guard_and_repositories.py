"""Who is told what was found: nobody without a token, and no repository that the reader may not pull."""

from __future__ import annotations

import pytest

from apps.registry.models import Manifest, Role
from apps.registry.services import grant_role
from apps.scanning import backends
from apps.scanning.adapters.fake import FakeScanner
from apps.scanning.models import ScanPolicy, ScanReport
from apps.scanning.ports import ImagePlace
from apps.scanning.services.requesting import request_scans
from apps.scanning.services.scanning import scan_next
from dce_portal.origin import PORTAL
from dce_portal.secret import Secret
from tests.factories.registry import ManifestFactory, NamespaceFactory, RepositoryFactory
from tests.integration.scanning.conftest import bearer

pytestmark = pytest.mark.django_db
ADDRESS = "/internal/registry/pull-guard"


@pytest.fixture
def scanner(monkeypatch):
    """Finds nothing in any image, and tells which it was asked for."""
    from contextlib import contextmanager

    @contextmanager
    def reachable(repository, digest):
        yield ImagePlace("door", repository, digest, "u", Secret("p"))

    monkeypatch.setattr(backends, "reachable", reachable)
    return FakeScanner()


@pytest.mark.parametrize(
    "header",
    ["", "Bearer nonsense", "Basic YTpi", ("other/app", ["pull"]), ("team/app", ["push"])],
)
def test_a_stranger_hears_from_the_registry_alone(client, image, header):
    """Else a refusal would tell anyone what is wrong with a private image."""
    ScanPolicy.objects.create(namespace=image.repository.namespace, block_unscanned=True)
    path = {"X-Guarded-Path": f"/v2/team/app/manifests/{image.digest}"}
    shown = bearer(*header) if isinstance(header, tuple) else header
    answer = client.get(ADDRESS, headers={**path, "Authorization": shown})
    assert (answer.status_code, answer.headers.get("X-Accel-Redirect")) == (200, "@pulled")
    assert answer.content == b""
    assert client.get(ADDRESS, headers={**path, "Authorization": bearer()}).status_code == 403


def twin_of(image, namespace):
    """The same image in another repository."""
    repository = RepositoryFactory(
        name=f"{namespace}/copy", namespace=NamespaceFactory(name=namespace)
    )
    return ManifestFactory(repository=repository, digest=image.digest, platform=image.platform)


def test_an_image_is_read_from_where_it_still_is(image, scanner):
    request_scans("team/app", image.digest)
    twin_of(image, "other")
    Manifest.objects.filter(pk=image.pk).delete()
    assert scan_next(scanner)
    assert scanner.asked == [f"other/copy@{image.digest}"]
    assert ScanReport.objects.get().repository == "other/copy"


def test_a_manifest_that_is_missing_is_not_read_from(image, scanner):
    from django.utils import timezone

    request_scans("team/app", image.digest)
    twin_of(image, "other")
    Manifest.objects.filter(pk=image.pk).update(missing_since=timezone.now())
    assert scan_next(scanner)
    assert scanner.asked == [f"other/copy@{image.digest}"]


def test_a_reader_sees_the_repository_that_is_open_to_the_reader(
    image, alice, with_token, signed_in
):
    request_scans("team/app", image.digest)
    namespace = twin_of(image, "other").repository.namespace
    grant_role(namespace=namespace, person=alice, role=Role.READER, origin=PORTAL)
    script = with_token(alice)
    (row,) = script.get("/api/v1/scan-reports/").json()["results"]
    assert row["repository"] == "other/copy"
    assert script.get("/api/v1/scan-reports/?repository=team/app").json()["results"] == []
    assert len(script.get("/api/v1/scan-reports/?repository=other/copy").json()["results"]) == 1
    browser = signed_in(alice)
    listed = browser.get("/admin/scanning/scanreport/").content.decode()
    page = browser.get(f"/admin/scanning/scanreport/{ScanReport.objects.get().pk}/change/")
    found = browser.get("/admin/scanning/scanreport/?q=team/app").content.decode()
    assert "other/copy" in listed
    assert "team/app@" not in listed + page.content.decode() + found
