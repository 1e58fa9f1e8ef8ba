"""What is kept of a standalone Swarm's managers and key store beside its rows, and what a page makes of it; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from apps.nodes.ports.standalone import DiscoverySnapshot, StandaloneSnapshot

LATE_AFTER = timedelta(seconds=120)


def managers_facts(snapshot: StandaloneSnapshot) -> dict[str, Any]:
    """The managers, and how they place containers."""
    return {
        "managers": [asdict(state) for state in snapshot.managers],
        "strategy": snapshot.strategy[:250],
        "filters": snapshot.filters[:250],
    }


def discovery_facts(snapshot: DiscoverySnapshot) -> dict[str, Any]:
    """The key store's members, registrations and the Swarm's primary, as JSON takes them."""
    return {
        "asked_at": snapshot.taken_at.isoformat(),
        "error": snapshot.error,
        "members": [asdict(member) for member in snapshot.members],
        "primary": snapshot.primary,
        "primary_expires_at": _text(snapshot.primary_expires_at),
        "registrations": [
            {"address": one.address, "expires_at": _text(one.expires_at)}
            for one in snapshot.registrations
        ],
    }


def _text(at: datetime | None) -> str:
    return at.isoformat() if at else ""


def discovery_card(
    facts: Mapping[str, Any], *, nodes: Mapping[str, str], now: datetime
) -> dict[str, Any]:
    """The facts with moments and seconds left, and warnings; `nodes` are names by address as the managers list them."""
    asked_at = _moment(facts.get("asked_at", ""))
    rows = [
        {**one, "ttl_s": _left_s(one["expires_at"], now), "node": nodes.get(one["address"], "")}
        for one in facts.get("registrations", ())
    ]
    return {
        **facts,
        "asked_at": asked_at,
        "is_late": asked_at is None or now - asked_at > LATE_AFTER,
        "registrations": rows,
        "primary_ttl_s": _left_s(facts.get("primary_expires_at", ""), now),
        "warnings": [] if facts.get("error") else _warnings(facts, nodes=nodes),
    }


def _warnings(facts: Mapping[str, Any], *, nodes: Mapping[str, str]) -> list[str]:
    registered = {one["address"] for one in facts.get("registrations", ())}
    return [
        *_store_warnings(facts),
        *_unlisted(registered - set(nodes)),
        *_expired(registered, nodes),
    ]


def _store_warnings(facts: Mapping[str, Any]) -> Iterable[str]:
    for member in facts.get("members", ()):
        if not member["is_healthy"]:
            yield _("The key store's member %(url)s is not healthy. %(error)s") % member
    if not facts.get("primary"):
        yield _(
            "No manager holds the leader's key: there is no primary, or it runs without --replication."
        )


def _unlisted(addresses: Collection[str]) -> Iterable[str]:
    for address in sorted(addresses):
        yield _(
            "%(address)s has registered, and the managers do not list it. Does it use the same prefix and"
            " key store, and can the managers reach it?"
        ) % {"address": address}


def _expired(registered: Collection[str], nodes: Mapping[str, str]) -> Iterable[str]:
    for address in sorted(set(nodes) - set(registered)):
        yield _(
            "%(node)s (%(address)s) is listed, and its registration has expired: its agent or `swarm join`"
            " does not run any more. The managers drop it soon."
        ) % {"node": nodes[address], "address": address}


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


def _left_s(text: str, now: datetime) -> int | None:
    """Seconds until then, never less than none; None for a key without an end."""
    at = _moment(text)
    return max(0, int((at - now).total_seconds())) if at else None
