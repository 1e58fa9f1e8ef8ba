"""How long usage is kept: an operator's page with the disk it takes, audited, and what it then drops."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from apps.accounts.models import AuditEvent
from apps.metrics import upkeep
from apps.metrics.estimate import lines_of, look_at_tables
from apps.metrics.models import MinuteSample, Retention
from apps.metrics.retention import keep
from tests.factories.metrics import polls

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
FORM = {
    "raw_hours": 12,
    "sealed_days": 10,
    "minute_days": 3,
    "quarter_days": 60,
    "two_hours_days": 365,
}


@pytest.fixture(autouse=True)
def _at_that_time():
    with time_machine.travel(START + timedelta(minutes=5), tick=False):
        yield


@pytest.fixture
def address(db):
    return reverse("admin:metrics_retention_change", args=[Retention.objects.create().pk])


def test_the_list_leads_to_the_one_row(administrator, signed_in):
    client = signed_in(administrator)
    for _again in range(2):
        answer = client.get(reverse("admin:metrics_retention_changelist"))
        assert answer.status_code == 302
    assert answer.url == reverse(
        "admin:metrics_retention_change", args=[Retention.objects.get().pk]
    )


def test_a_change_is_kept_audited_and_believed_at_once(address, operator, signed_in):
    assert keep().minute == 7 * 86_400
    answer = signed_in(operator).post(address, FORM)

    assert answer.status_code == 302, answer.content.decode()
    assert keep().minute == 3 * 86_400
    assert AuditEvent.objects.filter(action="retention.change").count() == 1


@pytest.mark.parametrize(
    "wrong", [{"quarter_days": 2}, {"raw_hours": 1}, {"two_hours_days": 59}, {"sealed_days": ""}]
)
def test_a_tier_outlasts_what_it_is_made_from(wrong, address, administrator, signed_in):
    answer = signed_in(administrator).post(address, FORM | wrong)

    assert answer.status_code == 200
    assert set(answer.context["adminform"].form.errors) == set(wrong)


def test_the_page_tells_what_the_tables_take_and_will_take(
    nodes, address, administrator, signed_in
):
    polls(nodes, start=START, count=30)
    found = look_at_tables(now=START + timedelta(minutes=5))

    # Two nodes with two containers each, their service and their cluster.
    assert found["objects"] == 8
    lines = {line.name: line for line in lines_of(Retention.objects.get())}
    assert all(line.now_bytes for line in lines.values())
    minutes = 8 * 7 * 24 * 60
    assert 100 * minutes < lines["minute"].full_bytes < 400 * minutes
    page = signed_in(administrator).get(address).content.decode()
    assert "Disk that usage takes" in page


def test_what_was_shortened_is_dropped(nodes, address, administrator, signed_in):
    polls(nodes[:1], start=START, count=15)
    assert MinuteSample.objects.exists()
    signed_in(administrator).post(address, FORM)

    upkeep.drop_old_samples(now=START + timedelta(days=4))
    assert not MinuteSample.objects.exists()


@pytest.mark.parametrize("who", ["mallory", "viewer"])
def test_others_change_nothing(who, address, request, signed_in):
    client = signed_in(request.getfixturevalue(who))

    assert client.post(address, FORM).status_code == 403
    assert client.get(address).status_code == (200 if who == "viewer" else 403)
