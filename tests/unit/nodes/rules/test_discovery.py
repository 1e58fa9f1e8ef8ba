"""A key store's address, and what a page makes of what the store says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.nodes.adapters.etcd.etcd_json import db_bytes_of, primary_of, registrations_of
from apps.nodes.ports.standalone import DiscoverySnapshot, Registration, StoreMember
from apps.nodes.rules.discovery_facts import discovery_card, discovery_facts
from apps.nodes.rules.discovery_url import parse_discovery
from dce_portal.errors import InvalidInput

NOW = datetime(2026, 11, 22, 17, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("url", "members", "root"),
    [
        ("etcd://192.0.2.1:2379", ("http://192.0.2.1:2379",), "docker/swarm"),
        ("etcd://one,two:12379/dce", ("http://one:2379", "http://two:12379"), "dce/docker/swarm"),
        ("etcds://[2001:db8::1]:2379/a/b/", ("https://[2001:db8::1]:2379",), "a/b/docker/swarm"),
    ],
)
def test_addresses_of_key_stores(url: str, members: tuple[str, ...], root: str) -> None:
    found = parse_discovery(url)
    assert (found.members, found.root) == (members, root)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "etcd://",
        "etcd://,",
        "consul://192.0.2.1:8500",
        "http://192.0.2.1:2379",
        "etcd://name:secret@192.0.2.1:2379",
        "etcd://192.0.2.1:99999",
        "etcd://192.0.2.1:2379/../v2/keys",
        "etcd://192.0.2.1:2379/a?recursive=true",
        "etcd://" + ",".join(f"192.0.2.{n}" for n in range(20)),
    ],
)
def test_what_is_no_key_store(url: str) -> None:
    with pytest.raises(InvalidInput, match="etcd://host"):
        parse_discovery(url)


def keys(root: str = "docker/swarm") -> dict[str, object]:
    node = {
        "key": f"/{root}/nodes/192.0.2.11:2375",
        "value": "192.0.2.11:2375",
        "expiration": "2026-11-22T17:02:45.887972385Z",
        "ttl": 155,
    }
    leader = {
        "key": f"/{root}/leader",
        "value": "192.0.2.1:3376",
        "expiration": "2026-11-22T17:00:26.438590446Z",
        "ttl": 16,
    }
    folder = {"key": f"/{root}/nodes", "dir": True, "nodes": [node]}
    return {"action": "get", "node": {"key": f"/{root}", "dir": True, "nodes": [folder, leader]}}


@pytest.mark.parametrize("root", ["docker/swarm", "dce/docker/swarm"])
def test_registrations_and_the_primary(root: str) -> None:
    (found,) = registrations_of(keys(root), root=root)
    assert found.address == "192.0.2.11:2375"
    assert found.expires_at is not None
    assert found.expires_at.minute == 2
    primary, expires_at = primary_of(keys(root), root=root)
    assert primary == "192.0.2.1:3376"
    assert expires_at is not None
    assert registrations_of({}, root=root) == ()
    assert primary_of({"node": {"nodes": "x"}}, root=root) == ("", None)


def test_the_size_of_the_database() -> None:
    metrics = "# TYPE x\netcd_mvcc_db_total_size_in_bytes 20480\n"
    assert db_bytes_of(metrics) == 20480
    assert db_bytes_of("etcd_mvcc_db_total_size_in_bytes x\n") is None
    assert db_bytes_of("") is None


def snapshot(**changes: object) -> DiscoverySnapshot:
    values = {
        "taken_at": NOW,
        "members": (StoreMember("http://192.0.2.1:2379", "one", "3.4.23", is_healthy=True),),
        "registrations": (
            Registration("192.0.2.11:2375", NOW + timedelta(seconds=155)),
            Registration("192.0.2.12:2375", None),
        ),
        "primary": "192.0.2.1:3376",
        "primary_expires_at": NOW + timedelta(seconds=16),
    }
    return DiscoverySnapshot(**(values | changes))  # type: ignore[arg-type]


BOTH = {"192.0.2.11:2375": "node-1", "192.0.2.12:2375": "node-2"}


def card(found: DiscoverySnapshot, *, nodes: dict[str, str] = BOTH, later_s: int = 0) -> dict:
    return discovery_card(discovery_facts(found), nodes=nodes, now=NOW + timedelta(seconds=later_s))


def test_seconds_left_are_counted_from_now() -> None:
    found = card(snapshot(), later_s=5)
    assert [row["ttl_s"] for row in found["registrations"]] == [150, None]
    assert [row["node"] for row in found["registrations"]] == ["node-1", "node-2"]
    assert (found["primary_ttl_s"], found["warnings"], found["is_late"]) == (11, [], False)
    late = card(snapshot(), later_s=500)
    assert (late["registrations"][0]["ttl_s"], late["is_late"]) == (0, True)


def test_a_node_that_registered_and_is_not_listed_is_warned_of() -> None:
    (warning,) = card(snapshot(), nodes={"192.0.2.11:2375": "node-1"})["warnings"]
    assert "192.0.2.12:2375 has registered, and the managers do not list it" in warning


def test_a_node_that_is_listed_and_has_expired_is_warned_of() -> None:
    (warning,) = card(snapshot(), nodes={**BOTH, "192.0.2.13:2375": "node-3"})["warnings"]
    assert "node-3 (192.0.2.13:2375) is listed, and its registration has expired" in warning


def test_a_sick_member_and_a_missing_primary_are_warned_of() -> None:
    sick = StoreMember("http://192.0.2.2:2379", error="Refused.")
    warnings = card(snapshot(members=(sick,), primary=""))["warnings"]
    assert len(warnings) == 2
    assert "http://192.0.2.2:2379 is not healthy. Refused." in warnings[0]


def test_of_an_unreadable_store_nothing_is_concluded() -> None:
    found = card(snapshot(error="No member is healthy.", registrations=(), primary=""))
    assert (found["error"], found["warnings"]) == ("No member is healthy.", [])
