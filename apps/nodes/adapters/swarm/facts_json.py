"""What `GET /swarm` says of a Swarm itself, as the port's dataclasses; pure. The tokens stay out of the facts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from apps.nodes.adapters.engine.engine_json import NANO, native_id, require_list
from apps.nodes.adapters.json_facts import Facts
from apps.nodes.ports import NodeInfo
from apps.nodes.ports.cluster_facts import ClusterFacts, JoinFacts, Quorum

LONGEST_PEM = 64 * 1024
MOST_WHOLE = 2**53


def facts_of(swarm: Facts, nodes: Sequence[NodeInfo]) -> ClusterFacts:
    """The Swarm's settings, its certificate authority, and how many managers reach each other."""
    spec = swarm.part("Spec")
    raft, dispatcher = spec.part("Raft"), spec.part("Dispatcher")
    fingerprint, expires_at = trust_root(swarm.part("TLSInfo").text("TrustRoot", most=LONGEST_PEM))
    return ClusterFacts(
        is_rotating_root=swarm.true("RootRotationInProgress"),
        is_autolocked=spec.part("EncryptionConfig").true("AutoLockManagers"),
        node_certificate_validity_s=spec.part("CAConfig").whole("NodeCertExpiry") // NANO,
        task_history=_count(spec.part("Orchestration"), "TaskHistoryRetentionLimit"),
        heartbeat_s=dispatcher.whole("HeartbeatPeriod") / NANO,
        trust_root_fingerprint=fingerprint,
        trust_root_expires_at=expires_at,
        raft_snapshot_interval=_count(raft, "SnapshotInterval"),
        raft_log_entries_kept=_count(raft, "LogEntriesForSlowFollowers"),
        raft_heartbeat_ticks=_count(raft, "HeartbeatTick"),
        raft_election_ticks=_count(raft, "ElectionTick"),
        version_index=swarm.part("Version").whole("Index"),
        managers=quorum_of(nodes),
    )


def quorum_of(nodes: Sequence[NodeInfo]) -> Quorum:
    """Counted as the managers see each other, not as this portal reaches them."""
    seen = [node.reachability for node in nodes if node.reachability]
    return Quorum(total=len(seen), reachable=seen.count("reachable"))


def _count(facts: Facts, name: str) -> int:
    """A whole number that JavaScript and every database hold."""
    return min(facts.whole(name), MOST_WHOLE)


def trust_root(pem: str) -> tuple[str, datetime | None]:
    """Fingerprint and end of the CA's certificate; the first one while two are trusted."""
    try:
        certificate = x509.load_pem_x509_certificates(pem.encode())[0]
    except ValueError:
        return "", None
    return certificate.fingerprint(SHA256()).hex(), certificate.not_valid_after_utc


def join_facts_of(swarm: Facts, nodes: object) -> JoinFacts:
    """Tokens of `GET /swarm`, addresses of `GET /nodes`."""
    tokens = swarm.part("JoinTokens")
    return JoinFacts(
        worker_token=native_id(tokens, "Worker", what="/swarm"),
        manager_token=native_id(tokens, "Manager", what="/swarm"),
        manager_addresses=_manager_addresses(require_list(nodes, what="/nodes")),
    )


def _manager_addresses(nodes: list[Facts]) -> tuple[str, ...]:
    managers = [node.part("ManagerStatus") for node in nodes if "ManagerStatus" in node]
    reachable = [one for one in managers if one.text("Reachability") == "reachable"]
    reachable.sort(key=lambda one: not one.true("Leader"))
    return tuple(one.text("Addr") for one in reachable if "Addr" in one)
