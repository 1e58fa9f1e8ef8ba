"""Scans from the push to the blocked pull, with a scanner in memory; the pages, and who may see what."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import AuditEvent
from apps.registry.models import Role
from apps.registry.services import grant_role
from apps.scanning import backends, selectors
from apps.scanning.adapters.fake import FakeScanner
from apps.scanning.models import ScanPolicy, ScanReport
from apps.scanning.ports import ImagePlace, ScanResult
from apps.scanning.rules.findings import read_trivy
from apps.scanning.selectors import may_pull
from apps.scanning.services.policies import delete_policy, save_policy
from apps.scanning.services.requesting import start_scan
from apps.scanning.services.scanning import drop_orphans, scan_next
from apps.webhooks.services import event_raised, raise_event
from dce_portal.errors import Unavailable
from dce_portal.models import Operation
from dce_portal.operations import execute
from dce_portal.origin import PORTAL
from dce_portal.secret import Secret
from tests.integration.scanning.conftest import bearer
from tests.standins.trivy import RECORDING

pytestmark = pytest.mark.django_db
SBOMS = {"cyclonedx": b'{"bomFormat": "CycloneDX"}', "spdx": b'{"spdxVersion": "SPDX-2.3"}'}


@pytest.fixture
def scanner(monkeypatch):
    """Finds what the recording holds in every image."""
    from contextlib import contextmanager

    findings, system = read_trivy(RECORDING.read_bytes())
    fake = FakeScanner(ScanResult(findings=findings, system=system, scanner="f 1", sboms=SBOMS))

    @contextmanager
    def reachable(repository, digest):
        yield ImagePlace("door", repository, digest, "u", Secret("p"))

    monkeypatch.setattr(backends, "scanner", lambda: fake)
    monkeypatch.setattr(backends, "reachable", reachable)
    return fake


def policy_of(image, **values):
    facts = {"namespace": image.repository.namespace, **values}
    return save_policy(ScanPolicy(), facts, origin=PORTAL)


def index_of(image):
    return image.parents.get()


def pull(image, reference=None):
    return may_pull("team", "team/app", reference or image.digest)


def test_a_push_is_scanned_where_the_namespace_wants_it(image, scanner):
    facts = {"digest": index_of(image).digest, "tag": "1"}
    raise_event("push", facts, repository="team/app")
    assert not ScanReport.objects.exists()
    policy_of(image)
    raise_event("push", facts, repository="team/app")
    raise_event("push", facts, repository="team/app")
    assert ScanReport.objects.count() == 2  # both platforms, and no attestation
    assert scan_next(scanner)
    assert scan_next(scanner)
    assert not scan_next(scanner)
    row = ScanReport.objects.get(digest=image.digest)
    assert (row.state, row.critical, row.high, row.medium) == ("done", 1, 1, 1)
    assert row.system == "alpine 3.10.2"
    assert {one.kind for one in row.sboms.all()} == {"cyclonedx", "spdx"}


def test_a_scan_is_told(image, scanner):
    told = []

    def hear(kind, payload, repository, **_more):
        told.append((kind, repository, payload["critical"]))

    event_raised.connect(hear)
    execute(str(start_scan("team/app", image.digest, origin=PORTAL).pk))
    event_raised.disconnect(hear)
    assert told == [("scan", "team/app", 1)]


def test_a_scan_that_fails_keeps_what_was_found_and_is_tried_again(image, scanner):
    execute(str(start_scan("team/app", image.digest, origin=PORTAL).pk))
    scanner.problem = "no database"
    operation = start_scan("team/app", image.digest, origin=PORTAL)
    execute(str(operation.pk))
    operation.refresh_from_db()
    assert (operation.state, operation.error) == ("failed", "no database")
    row = ScanReport.objects.get()
    assert (row.state, row.problem, row.critical) == ("failed", "no database", 1)
    assert not scan_next(scanner)
    ScanReport.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    scanner.problem = ""
    assert scan_next(scanner)
    assert ScanReport.objects.get().state == "done"


def test_what_was_found_is_looked_at_again_after_a_day(image, scanner):
    execute(str(start_scan("team/app", image.digest, origin=PORTAL).pk))
    assert not scan_next(scanner)
    ScanReport.objects.update(scanned_at=timezone.now() - timedelta(days=1, minutes=1))
    assert scan_next(scanner)
    assert len(scanner.asked) == 2


@pytest.mark.parametrize(
    ("values", "allowed"),
    [
        ({}, True),
        ({"block_from": "critical"}, False),
        ({"block_from": "critical", "excepted": "CVE-2019-14697 accepted"}, True),
        ({"block_from": "high", "excepted": "CVE-2019-14697", "only_fixable": True}, True),
        ({"block_unscanned": True}, True),
    ],
)
def test_a_policy_blocks_by_what_was_found(image, scanner, values, allowed):
    policy_of(image, **values)
    execute(str(start_scan("team/app", image.digest, origin=PORTAL).pk))
    verdict = pull(image)
    assert verdict.is_allowed is allowed
    assert allowed or "CVE-2019-14697" in verdict.reason


def test_what_was_not_scanned_is_blocked_where_wanted(image, monkeypatch):
    monkeypatch.setattr(selectors, "own_registry", _registry_of({"1": index_of(image).digest}))
    assert pull(image).is_allowed
    policy_of(image, block_from="low")
    assert pull(image).is_allowed
    ScanPolicy.objects.update(block_unscanned=True)
    assert not pull(image).is_allowed
    assert pull(image, index_of(image).digest).is_allowed
    assert pull(image, "1").is_allowed
    assert not pull(image, "not-known-yet").is_allowed


def _registry_of(tags):
    """The registry's own answers."""
    from contextlib import contextmanager

    from apps.registry.adapters.fake import FakeRegistry

    registry = FakeRegistry()
    registry.tag_digests["team/app"] = tags

    @contextmanager
    def opened():
        yield registry

    return opened


def test_a_pull_without_a_policy_costs_one_query(image, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert pull(image).is_allowed


def test_nginx_is_told_whose_pulls_to_look_at(image, settings, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        policy = policy_of(image, block_from="high")
    assert [one.name for one in settings.PATHS.pull_guards.iterdir()] == ["team"]
    with django_capture_on_commit_callbacks(execute=True):
        save_policy(policy, {"block_from": ""}, origin=PORTAL)
    assert not list(settings.PATHS.pull_guards.iterdir())
    with django_capture_on_commit_callbacks(execute=True):
        save_policy(policy, {"block_unscanned": True}, origin=PORTAL)
        delete_policy(policy, origin=PORTAL)
    assert not list(settings.PATHS.pull_guards.iterdir())


def test_the_guard_answers_nginx(client, image, scanner, monkeypatch):
    policy_of(image, block_from="critical")
    path = f"/v2/team/app/manifests/{image.digest}"
    address = "/internal/registry/pull-guard"
    shown = {"X-Guarded-Path": path, "Authorization": bearer()}
    let = client.get(address, headers=shown)
    assert (let.status_code, let.headers["X-Accel-Redirect"]) == (200, "@pulled")
    execute(str(start_scan("team/app", image.digest, origin=PORTAL).pk))
    refused = client.get(address, headers=shown)
    assert refused.status_code == 403
    assert refused.json()["errors"][0]["code"] == "DENIED"
    assert "CVE-2019-14697" in refused.json()["errors"][0]["message"]
    assert client.get(address, headers={"X-Guarded-Path": "/v2/"}).status_code == 404

    def broken(*_arguments):
        raise RuntimeError

    monkeypatch.setattr("apps.scanning.views.may_pull", broken)
    assert client.get(address, headers=shown).status_code == 503


def test_reports_of_images_that_are_gone_are_dropped(image, scanner):
    execute(str(start_scan("team/app", image.digest, origin=PORTAL).pk))
    assert drop_orphans() == 0
    image.delete()
    assert drop_orphans() == 1


def test_pages_show_what_was_found(image, scanner, administrator, alice, signed_in):
    grant_role(namespace=image.repository.namespace, person=alice, role=Role.READER, origin=PORTAL)
    execute(str(start_scan("team/app", image.digest, origin=PORTAL).pk))
    row = ScanReport.objects.get()
    browser = signed_in(alice)
    listed = browser.get(reverse("admin:scanning_scanreport_changelist"))
    assert "team/app@" in listed.content.decode()
    page = browser.get(reverse("admin:scanning_scanreport_change", args=[row.pk]))
    text = page.content.decode()
    assert "CVE-2019-14697" in text
    assert "javascript:alert" not in text
    sbom = browser.get(reverse("admin:scanning_scanreport_sbom", args=[row.pk, "spdx"]))
    assert sbom.content == SBOMS["spdx"]
    assert "attachment" in sbom.headers["Content-Disposition"]
    # Alice may see it, and may not start a scan.
    scan = reverse("admin:scanning_scanreport_scan")
    wish = {"repository": "team/app", "digest": image.digest}
    assert browser.post(scan, wish).status_code == 403


def test_the_tab_of_a_tag(image, scanner, rf, alice):
    from apps.registry.extensions import tabs_of

    execute(str(start_scan("team/app", image.digest, origin=PORTAL).pk))
    request = rf.get("/")
    request.user = alice
    tag = index_of(image).tags.get()
    (tab,) = [one for one in tabs_of(request, tag) if one.key == "vulnerabilities"]
    assert "CVE-2019-14697" in tab.body
    assert "1 image of this tag was not scanned yet." in tab.body


def test_without_a_scanner_the_pages_say_how_to_add_one(
    image, monkeypatch, administrator, signed_in
):
    monkeypatch.setattr(backends, "scanner", lambda: None)
    page = signed_in(administrator).get(reverse("admin:scanning_scanreport_changelist"))
    assert "DCE_TRIVY" in page.content.decode()
    with pytest.raises(Unavailable, match="DCE_TRIVY"):
        start_scan("team/app", image.digest, origin=PORTAL)


def test_policies_by_page_and_api(image, administrator, signed_in, with_token):
    add = reverse("admin:scanning_scanpolicy_add")
    browser = signed_in(administrator)
    assert browser.get(add).status_code == 200
    facts = {"namespace": image.repository.namespace_id, "block_from": "high"}
    assert browser.post(add, facts).status_code == 302
    assert AuditEvent.objects.filter(action="scanpolicy.add", target_label="team").exists()
    script = with_token(administrator)
    (row,) = script.get("/api/v1/scan-policies/").json()["results"]
    assert (row["namespace"], row["block_from"]) == ("team", "high")
    change = json.dumps({"block_from": ""})
    changed = script.patch(row["url"], change, content_type="application/json")
    assert changed.json()["block_from"] == ""
    wish = json.dumps({"namespace": "team"})
    again = script.post("/api/v1/scan-policies/", wish, content_type="application/json")
    assert again.status_code == 409
    assert script.delete(row["url"]).status_code == 204


def test_the_api_scans_and_reports(image, scanner, administrator, alice, with_token):
    from apps.accounts.models import User

    User.objects.filter(pk=administrator.pk).update(is_superuser=True)
    script = with_token(administrator)
    wish = json.dumps({"repository": "team/app", "reference": "1"})
    begun = script.post("/api/v1/scan-reports/", wish, content_type="application/json")
    assert begun.status_code == 202
    execute(str(Operation.objects.get(kind="scan.run").pk))
    rows = script.get("/api/v1/scan-reports/?repository=team/app").json()["results"]
    assert len(rows) == 2
    whole = script.get(rows[0]["url"]).json()
    assert whole["findings"][0]["id"] == "CVE-2019-14697"
    sbom = script.get(f"{rows[0]['url']}sbom/cyclonedx/")
    assert sbom.json() == {"bomFormat": "CycloneDX"}
    assert script.get(f"{rows[0]['url']}sbom/other/").status_code == 404


def test_mallory_sees_nothing_and_starts_nothing(image, scanner, mallory, signed_in, with_token):
    execute(str(start_scan("team/app", image.digest, origin=PORTAL).pk))
    row = ScanReport.objects.get()
    browser, script = signed_in(mallory), with_token(mallory)
    listed = browser.get(reverse("admin:scanning_scanreport_changelist"))
    assert "team/app" not in listed.content.decode()
    page = browser.get(reverse("admin:scanning_scanreport_change", args=[row.pk]))
    assert "CVE-2019" not in page.content.decode()
    sbom = browser.get(reverse("admin:scanning_scanreport_sbom", args=[row.pk, "spdx"]))
    assert sbom.status_code == 404
    wish = {"repository": "team/app", "digest": image.digest}
    assert browser.post(reverse("admin:scanning_scanreport_scan"), wish).status_code == 403
    assert browser.get(reverse("admin:scanning_scanpolicy_changelist")).status_code == 403
    assert script.get("/api/v1/scan-reports/").json()["results"] == []
    assert script.get(f"/api/v1/scan-reports/{row.pk}/").status_code == 404
    assert script.get("/api/v1/scan-policies/").status_code == 403
    body = json.dumps({"repository": "team/app", "reference": "1"})
    begun = script.post("/api/v1/scan-reports/", body, content_type="application/json")
    assert begun.status_code == 403
