"""One scan at a time, what is new before what failed, and an end to every try."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from apps.scanning import backends, selectors
from apps.scanning.adapters.fake import FakeScanner
from apps.scanning.models import ScanPolicy, ScanReport
from apps.scanning.ports import ImagePlace
from apps.scanning.services import requesting, scanning
from apps.scanning.services.requesting import request_scans, start_scan
from apps.scanning.services.scanning import scan_next, scan_now
from dce_portal.errors import Conflict, NotFound, Unavailable
from dce_portal.models import Operation
from dce_portal.operations import execute
from dce_portal.origin import PORTAL
from dce_portal.secret import Secret
from tests.factories.registry import ManifestFactory
from tests.integration.scanning.conftest import bearer

pytestmark = pytest.mark.django_db


@pytest.fixture
def scanner(monkeypatch):
    @contextmanager
    def reachable(repository, digest):
        yield ImagePlace("door", repository, digest, "u", Secret("p"))

    fake = FakeScanner()
    monkeypatch.setattr(backends, "scanner", lambda: fake)
    monkeypatch.setattr(backends, "reachable", reachable)
    return fake


class Registry:
    """What the tag is in the registry, whatever the catalogue says."""

    def __init__(self, digest):
        self.digest = digest

    def digest_of(self, repository, *, tag):
        if isinstance(self.digest, Exception):
            raise self.digest
        return self.digest


def registry_with(monkeypatch, digest):
    @contextmanager
    def own_registry():
        yield Registry(digest)

    monkeypatch.setattr(selectors, "own_registry", own_registry, raising=False)


def guarded(client, image, reference):
    path = f"/v2/team/app/manifests/{reference}"
    shown = {"X-Guarded-Path": path, "Authorization": bearer()}
    return client.get("/internal/registry/pull-guard", headers=shown)


def test_the_guard_judges_what_a_tag_points_at_now(client, image, scanner, monkeypatch):
    """The catalogue learns of a push seconds later; until then the old image's report would speak."""
    from tests.factories.registry import TagFactory

    ScanPolicy.objects.create(namespace=image.repository.namespace, block_unscanned=True)
    TagFactory(repository=image.repository, manifest=image, name="one")
    scan_now(scanner, request_scans("team/app", image.digest)[0], is_wanted=lambda: True)
    registry_with(monkeypatch, image.digest)
    assert guarded(client, image, "one").status_code == 200
    new = ManifestFactory(repository=image.repository, platform="linux/amd64")
    registry_with(monkeypatch, new.digest)
    assert guarded(client, image, "one").status_code == 403
    registry_with(monkeypatch, NotFound("no such tag"))
    assert guarded(client, image, "one").status_code == 403
    registry_with(monkeypatch, Unavailable("away"))
    assert guarded(client, image, "one").status_code == 503


def test_an_image_is_scanned_once_at_a_time(image, scanner):
    (report,) = request_scans("team/app", image.digest)
    lease = timezone.now() + timedelta(minutes=5)
    ScanReport.objects.update(state="running", lease_until=lease)
    with pytest.raises(Conflict):
        scan_now(scanner, report, is_wanted=lambda: True)
    assert scanner.asked == []
    assert ScanReport.objects.get().lease_until == lease


def test_a_person_waits_for_the_scan_that_is_under_way(image, scanner, monkeypatch):
    """Two scanners at once would fight for the one database of theirs."""
    cache.add(scanning.LOCK, 1)
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        assert scanner.asked == []
        cache.delete(scanning.LOCK)

    monkeypatch.setattr(requesting.time, "sleep", sleep)
    operation = start_scan("team/app", image.digest, origin=PORTAL)
    execute(str(operation.pk))
    operation.refresh_from_db()
    assert (operation.state, len(slept), len(scanner.asked)) == ("succeeded", 1, 1)
    assert cache.get(scanning.LOCK) is None


def test_an_image_that_cannot_be_scanned_keeps_no_other(image, scanner):
    index = image.parents.get()
    operation = start_scan("team/app", index.digest, origin=PORTAL)
    real = scanner.scan

    def scan(place, *, is_wanted):
        if not scanner.asked:
            scanner.asked.append(place.digest)
            raise Unavailable("too large")
        return real(place, is_wanted=is_wanted)

    scanner.scan = scan
    execute(str(operation.pk))
    operation = Operation.objects.get(pk=operation.pk)
    assert (operation.state, operation.error) == ("failed", "too large")
    assert sorted(ScanReport.objects.values_list("state", flat=True)) == ["done", "failed"]


def test_what_is_new_comes_before_what_failed(image, scanner):
    index = image.parents.get()
    old, new = sorted(request_scans("team/app", index.digest), key=lambda row: row.pk)
    past = timezone.now() - timedelta(seconds=1)
    ScanReport.objects.filter(pk=old.pk).update(state="failed", lease_until=past)
    scan_next(scanner)
    assert scanner.asked == [f"team/app@{new.digest}"]


def test_pauses_grow_up_to_a_day_and_begin_anew_after_a_success(image, scanner):
    (report,) = request_scans("team/app", image.digest)
    scanner.problem = "too large"
    hours = []
    for _number in range(7):
        ScanReport.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        scan_next(scanner)
        pause = ScanReport.objects.get().lease_until - timezone.now()
        hours.append(round(pause.total_seconds() / 3600))
    assert hours == [1, 2, 4, 8, 16, 24, 24]
    scanner.problem = ""
    scan_now(scanner, report, is_wanted=lambda: True)
    assert ScanReport.objects.get().attempts == 0


def test_a_fault_of_the_portals_own_pauses_too(image, scanner):
    request_scans("team/app", image.digest)

    def scan(place, *, is_wanted):
        raise RuntimeError("password=hunter2")

    scanner.scan = scan
    with pytest.raises(RuntimeError):
        scan_next(scanner)
    row = ScanReport.objects.get()
    assert (row.state, row.attempts) == ("failed", 1)
    assert "hunter2" not in row.problem
    assert not scan_next(scanner)


def test_a_list_reads_no_findings(image, scanner, administrator):
    request_scans("team/app", image.digest)
    administrator.is_superuser = True
    (row,) = selectors.reports_visible_to(administrator)
    assert "findings" in row.get_deferred_fields()
