"""Turns the token endpoint's notes into audit entries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from apps.accounts.services import AuditEntry, record_audits
from apps.registry import decisions
from apps.registry.decisions import Decision
from dce_portal.operations import Target
from dce_portal.origin import Origin


def store_decisions() -> int:
    """Write all notes that wait as audit entries; returns how many."""
    stored = 0
    while batch := decisions.take():
        _store(batch)
        stored += len(batch)
    return stored


@transaction.atomic
def _store(batch: Sequence[Decision]) -> None:
    repeats = Counter(replace(decision, at="") for decision in batch)
    latest = {replace(decision, at=""): decision.at for decision in batch}
    people = _people_named({decision.username for decision in repeats})
    record_audits(
        _entry(decision, people, at=latest[decision], count=count)
        for decision, count in repeats.items()
    )


def _entry(decision: Decision, people: Mapping[str, Any], *, at: str, count: int) -> AuditEntry:
    """What a client asked several times within a moment is one entry that says how often."""
    return AuditEntry(
        decision.action,
        origin=Origin(
            actor=people.get(decision.username),
            address=decision.address or None,
            credential=decision.credential,
            label=decision.username,
        ),
        target=_target(decision),
        result=decision.result,
        detail={**_detail(decision, at=at), **({"times": count} if count > 1 else {})},
    )


def _people_named(names: set[str]) -> dict[str, Any]:
    people = get_user_model().objects.filter(username__in=names)
    return {person.get_username(): person for person in people}


def _target(decision: Decision) -> Target:
    """A refused login is about the name that was tried, which may be nobody's."""
    if decision.action == "registry.login":
        return Target("person", decision.username, decision.username)
    kind, _colon, name = decision.resource.partition(":")
    return Target(kind[:32], name[:128], name[:250])


def _detail(decision: Decision, *, at: str) -> dict[str, Any]:
    detail: dict[str, Any] = {"at": at}
    if decision.action == "registry.token":
        detail |= {"requested": list(decision.requested), "granted": list(decision.granted)}
    return {**detail, "reason": decision.reason} if decision.reason else detail
