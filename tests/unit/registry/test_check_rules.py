"""What the check says of facts: each fault by itself, with what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from apps.registry.ports import Challenge
from apps.registry.rules.check import CheckFacts, findings_of

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
GOOD = CheckFacts(
    now=NOW,
    service="dce-registry",
    issuer="dce-portal",
    key_id="AAAA:BBBB",
    thumbprint="abc",
    certificate_ends=NOW + timedelta(days=3000),
    is_rotating=False,
    is_embedded=True,
    challenge=Challenge(401, "http://127.0.0.1:8080/auth/token", "dce-registry", NOW),
    unreachable="",
    token_is_taken=True,
    last_event_at=NOW - timedelta(hours=1),
    last_push_at=NOW - timedelta(hours=1),
    free_bytes=80,
    whole_bytes=100,
)


def states(facts):
    return {finding.name: finding.state for finding in findings_of(facts)}


def test_all_is_well():
    assert set(states(GOOD).values()) == {"good"}
    assert not [finding.advice for finding in findings_of(GOOD) if finding.advice]


@pytest.mark.parametrize(
    ("change", "name", "state"),
    [
        ({"challenge": None, "unreachable": "No."}, "registry", "bad"),
        ({"challenge": Challenge(200)}, "registry", "bad"),
        (
            {"challenge": replace(GOOD.challenge, told_at=NOW - timedelta(seconds=10))},
            "clock",
            "late",
        ),
        (
            {"challenge": replace(GOOD.challenge, told_at=NOW + timedelta(minutes=10))},
            "clock",
            "bad",
        ),
        ({"challenge": replace(GOOD.challenge, told_at=None)}, "clock", "off"),
        ({"challenge": replace(GOOD.challenge, realm="https://other/token")}, "realm", "bad"),
        ({"challenge": replace(GOOD.challenge, service="other")}, "audience", "bad"),
        ({"token_is_taken": False}, "token", "bad"),
        ({"token_is_taken": False}, "issuer", "late"),
        ({"token_is_taken": None}, "token", "off"),
        ({"certificate_ends": NOW}, "key", "bad"),
        ({"certificate_ends": NOW + timedelta(days=30)}, "key", "late"),
        ({"is_rotating": True}, "key", "late"),
        ({"last_event_at": None}, "events", "off"),
        ({"last_push_at": NOW}, "events", "bad"),
        ({"free_bytes": 10}, "storage", "late"),
        ({"free_bytes": 4}, "storage", "bad"),
        ({"free_bytes": None, "whole_bytes": None}, "storage", "off"),
    ],
)
def test_each_fault_has_its_state_and_advice(change, name, state):
    facts = replace(GOOD, **change)
    assert states(facts)[name] == state
    finding = next(one for one in findings_of(facts) if one.name == name)
    assert finding.detail
    assert state in ("good", "off") or finding.advice


def test_both_forms_of_the_key_id_are_told():
    key = next(one for one in findings_of(GOOD) if one.name == "key")
    assert "AAAA:BBBB" in key.detail
    assert "abc" in key.detail
