"""What a Swarm says of itself beside its nodes, services and tasks; pure. No token is ever part of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Quorum:
    """How many managers there are, how many the others reach, and how many must agree."""

    total: int
    reachable: int

    @property
    def needed(self) -> int:
        """More than half of all; none where there are no managers."""
        return self.total // 2 + 1 if self.total else 0

    @property
    def tolerated(self) -> int:
        """How many more managers may fail before nothing can be changed any more."""
        return max(self.reachable - self.needed, 0)

    @property
    def is_lost(self) -> bool:
        """True when too few are left to agree on anything."""
        return self.reachable < self.needed


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """The Swarm's settings and its certificate authority (`GET /swarm`, without the tokens)."""

    is_rotating_root: bool
    is_autolocked: bool
    node_certificate_validity_s: int
    task_history: int
    heartbeat_s: float
    trust_root_fingerprint: str
    """SHA-256 of the CA's certificate in hexadecimal; empty where it cannot be read."""
    trust_root_expires_at: datetime | None
    raft_snapshot_interval: int
    raft_log_entries_kept: int
    raft_heartbeat_ticks: int
    raft_election_ticks: int
    version_index: int
    managers: Quorum

    @property
    def node_certificate_days(self) -> int:
        """How many days a node's certificate lives."""
        return self.node_certificate_validity_s // 86_400

    def as_columns(self) -> dict[str, Any]:
        """The facts as `Cluster.facts` keeps them."""
        expires_at = self.trust_root_expires_at
        return {**asdict(self), "trust_root_expires_at": expires_at and expires_at.isoformat()}

    @classmethod
    def from_columns(cls, kept: Mapping[str, Any]) -> Self | None:
        """The facts of a row; None for a row that keeps none, or those of another version."""
        names = {known.name for known in fields(cls)}
        if not names <= kept.keys():
            return None
        expires_at = kept["trust_root_expires_at"]
        moment = datetime.fromisoformat(expires_at) if expires_at else None
        values = {name: kept[name] for name in names}
        return cls(
            **values | {"trust_root_expires_at": moment, "managers": Quorum(**kept["managers"])}
        )


@dataclass(frozen=True, slots=True)
class JoinFacts:
    """What a host needs to join; the tokens are secrets that are asked when needed and never kept."""

    worker_token: str = field(repr=False)
    manager_token: str = field(repr=False)
    manager_addresses: tuple[str, ...]
    """`host:port` of every manager that the others reach, the leader first."""
