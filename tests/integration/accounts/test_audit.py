"""The audit: searched, filtered, taken along, and kept no longer than it is set."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts import audit_records
from apps.accounts.audit_upkeep import drop_old_audit
from apps.accounts.models import AuditEvent
from tests.factories.accounts import AuditEventFactory

PAGE, API = "/admin/accounts/auditevent/", "/api/v1/audit/"


def body(answer) -> str:
    return b"".join(answer).decode()


@pytest.fixture
def entries(db):
    AuditEventFactory(actor_label="alice", action="sign_in", address="192.0.2.1")
    AuditEventFactory(actor_label="bob", action="robot.add", target_kind="robot", result="denied")
    return AuditEventFactory(actor_label="alice", action="token.issue", detail={"name": "ci"})


def test_the_list_goes_along_as_json_lines_with_its_filters(entries, administrator, signed_in):
    browser = signed_in(administrator)
    answer = browser.get(f"{PAGE}export/jsonl/?q=alice&action=token.issue")
    assert answer["Content-Type"] == "application/x-ndjson"
    rows = [json.loads(line) for line in body(answer).splitlines()]
    assert [(row["id"], row["actor"], row["detail"]) for row in rows] == [
        (entries.pk, "alice", {"name": "ci"})
    ]
    event = AuditEvent.objects.get(action="audit.export")
    assert (event.actor, event.detail["form"]) == (administrator, "jsonl")
    assert event.detail["asked"] == {"q": "alice", "action": "token.issue"}


def test_the_list_goes_along_as_csv(entries, administrator, signed_in):
    rows = list(
        csv.DictReader(io.StringIO(body(signed_in(administrator).get(f"{PAGE}export/csv/"))))
    )
    assert [row["action"] for row in rows[-3:]] == ["token.issue", "robot.add", "sign_in"]
    assert json.loads(rows[-3]["detail"]) == {"name": "ci"}
    assert signed_in(administrator).get(f"{PAGE}export/exe/").status_code == 404


def test_an_export_is_read_in_steps(administrator, signed_in, monkeypatch):
    monkeypatch.setattr(audit_records, "STEP", 10)
    AuditEventFactory.create_batch(25)
    with CaptureQueriesContext(connection) as queries:
        lines = list(audit_records.json_lines(AuditEvent.objects.all()))
    numbers = [json.loads(line)["id"] for line in lines]
    assert len(numbers) == 25
    assert numbers == sorted(numbers, reverse=True)
    assert len(queries) == 3


def test_mallory_reads_and_takes_nothing(entries, mallory, operator, signed_in, with_token):
    for person in (mallory, operator):
        assert signed_in(person).get(f"{PAGE}export/csv/").status_code == 403
        assert with_token(person).get(API).status_code == 403
        assert with_token(person).get(f"{API}export/").status_code == 403
    assert not AuditEvent.objects.filter(action="audit.export").exists()


def test_the_api_filters_and_exports(entries, administrator, with_token):
    script = with_token(administrator, "api.read:access")
    found = script.get(f"{API}?actor=alice&action=sign_in").json()["results"]
    assert [row["address"] for row in found] == ["192.0.2.1"]
    assert script.get(f"{API}?result=denied").json()["results"][0]["actor"] == "bob"
    later = (timezone.now() + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    assert script.get(f"{API}?since={later}").json()["results"] == []
    answer = script.get(f"{API}export/?form=csv&target_kind=robot")
    assert body(answer).count("robot.add") == 1
    assert script.get(f"{API}export/?from=csv").status_code == 400
    assert script.get(f"{API}export/?form=exe").status_code == 400
    assert script.get(f"{API}{entries.pk}/").json()["detail"] == {"name": "ci"}


def test_filters_and_search_of_the_page(entries, administrator, signed_in):
    browser = signed_in(administrator)
    assert "made a personal token" in browser.get(f"{PAGE}?q=token.issue").content.decode()
    found = browser.get(f"{PAGE}?action=robot.add&target_kind=robot&result__exact=denied")
    assert "bob" in found.content.decode()
    assert browser.get(f"{PAGE}?action=nothing").status_code == 200


def test_old_entries_go_in_batches(db, settings, monkeypatch):
    monkeypatch.setattr("apps.accounts.audit_upkeep.BATCH", 3)
    AuditEventFactory.create_batch(7, at=timezone.now() - timedelta(days=11))
    young = AuditEventFactory(at=timezone.now() - timedelta(days=9))
    settings.CONFIGURATION = dataclasses.replace(settings.CONFIGURATION, audit_days=0)
    assert drop_old_audit() == 0
    settings.CONFIGURATION = dataclasses.replace(settings.CONFIGURATION, audit_days=10)
    assert drop_old_audit(run_s=0) == 0
    assert drop_old_audit() == 7
    assert list(AuditEvent.objects.all()) == [young]
