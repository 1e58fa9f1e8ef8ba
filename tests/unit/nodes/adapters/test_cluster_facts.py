"""What a Swarm says of itself, in the shapes of several engines, and what is counted from it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from apps.nodes.adapters.json_facts import Facts
from apps.nodes.adapters.swarm.facts_json import facts_of, join_facts_of, trust_root
from apps.nodes.ports.cluster_facts import ClusterFacts, Quorum
from dce_portal.errors import Unavailable
from tests.factories.infos import node_info

ENDS_AT = datetime(2046, 1, 2, 3, 4, 5, tzinfo=UTC)
SWARM = {
    "ID": "swarm-1",
    "Version": {"Index": 42},
    "RootRotationInProgress": True,
    "JoinTokens": {"Worker": "SWMTKN-1-a-w", "Manager": "SWMTKN-1-a-m"},
    "Spec": {
        "Orchestration": {"TaskHistoryRetentionLimit": 7},
        "Raft": {
            "SnapshotInterval": 10000,
            "LogEntriesForSlowFollowers": 500,
            "ElectionTick": 10,
            "HeartbeatTick": 1,
        },
        "Dispatcher": {"HeartbeatPeriod": 5_000_000_000},
        "CAConfig": {"NodeCertExpiry": 7_776_000_000_000_000},
        "EncryptionConfig": {"AutoLockManagers": True},
    },
}
NODES = (
    node_info("n1", reachability="reachable"),
    node_info("n2", reachability="unreachable"),
    node_info("n3"),
)


@pytest.fixture(scope="module")
def certificate() -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "swarm-ca")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(1)
    started = ENDS_AT - timedelta(days=7300)
    return builder.not_valid_before(started).not_valid_after(ENDS_AT).sign(key, SHA256())


def test_every_fact_is_read(certificate: x509.Certificate) -> None:
    pem = certificate.public_bytes(Encoding.PEM).decode()
    facts = facts_of(Facts({**SWARM, "TLSInfo": {"TrustRoot": pem + pem}}), NODES)
    assert facts == ClusterFacts(
        is_rotating_root=True,
        is_autolocked=True,
        node_certificate_validity_s=90 * 86400,
        task_history=7,
        heartbeat_s=5.0,
        trust_root_fingerprint=certificate.fingerprint(SHA256()).hex(),
        trust_root_expires_at=ENDS_AT,
        raft_snapshot_interval=10000,
        raft_log_entries_kept=500,
        raft_heartbeat_ticks=1,
        raft_election_ticks=10,
        version_index=42,
        managers=Quorum(total=2, reachable=1),
    )


def test_what_is_kept_is_json_and_reads_back_the_same() -> None:
    facts = facts_of(Facts(SWARM), NODES)
    kept = json.loads(json.dumps(facts.as_columns()))
    assert ClusterFacts.from_columns(kept) == facts
    assert "SWMTKN" not in json.dumps(kept)


@pytest.mark.parametrize("raw", [{}, None, {"Spec": [], "TLSInfo": {"TrustRoot": 7}}])
def test_a_swarm_that_says_nothing_has_plain_facts(raw: object) -> None:
    facts = facts_of(Facts(raw), ())
    assert (facts.trust_root_fingerprint, facts.trust_root_expires_at) == ("", None)
    assert (facts.task_history, facts.is_autolocked) == (0, False)


@pytest.mark.parametrize("pem", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nx\n"])
def test_a_certificate_that_is_none(pem: str) -> None:
    assert trust_root(pem) == ("", None)


@pytest.mark.parametrize("kept", [{}, {"is_rotating_root": True}])
def test_facts_of_another_version_are_none(kept: dict[str, object]) -> None:
    assert ClusterFacts.from_columns(kept) is None


@pytest.mark.parametrize(
    ("total", "reachable", "needed", "tolerated", "is_lost"),
    [
        (0, 0, 0, 0, False),
        (1, 1, 1, 0, False),
        (2, 2, 2, 0, False),
        (3, 3, 2, 1, False),
        (3, 2, 2, 0, False),
        (3, 1, 2, 0, True),
        (5, 4, 3, 1, False),
        (7, 7, 4, 3, False),
    ],
)
def test_a_majority(
    total: int, reachable: int, needed: int, tolerated: int, *, is_lost: bool
) -> None:
    quorum = Quorum(total=total, reachable=reachable)
    assert (quorum.needed, quorum.tolerated) == (needed, tolerated)
    assert quorum.is_lost is is_lost


def manager(address: str, *, reachability: str = "reachable", leads: bool = False) -> object:
    return {
        "ID": "n",
        "ManagerStatus": {"Addr": address, "Reachability": reachability, "Leader": leads},
    }


def test_hosts_join_by_the_leader_first_and_never_by_a_lost_manager() -> None:
    nodes = [
        manager("10.0.0.1:2377"),
        manager("10.0.0.2:2377", reachability="unreachable"),
        manager("10.0.0.3:2377", leads=True),
        {"ID": "worker"},
    ]
    found = join_facts_of(Facts(SWARM), nodes)
    assert found.manager_addresses == ("10.0.0.3:2377", "10.0.0.1:2377")
    assert (found.worker_token, found.manager_token) == ("SWMTKN-1-a-w", "SWMTKN-1-a-m")
    assert "SWMTKN" not in repr(found)


def test_without_tokens_nobody_can_join() -> None:
    with pytest.raises(Unavailable, match="cannot be read"):
        join_facts_of(Facts({"ID": "swarm-1"}), [])
