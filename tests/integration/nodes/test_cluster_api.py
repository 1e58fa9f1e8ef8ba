"""What is done to clusters and engines over the API: bodies, rights, and secrets that nothing caches."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import AuditEvent, User
from apps.nodes import backends
from apps.nodes.adapters.fakes.cluster import FAKE_FACTS, FakeSwarm, FakeSwarmState
from apps.nodes.models import Cluster, EngineDiskUsage, EngineEndpoint, Node
from apps.nodes.ports.upkeep import DiskShare, DiskUsage
from dce_portal.models import Operation
from tests.factories.cluster import NodeFactory
from tests.factories.infos import fake_swarm_state, node_info

pytestmark = pytest.mark.django_db
WithToken = Callable[..., Client]
CLUSTER_CALLS = (
    "rotate-tokens",
    "autolock",
    "rotate-unlock-key",
    "rotate-ca",
    "rename",
    "forget",
    "join-tokens",
    "unlock-key",
)
NODE_CALLS = ("disk-usage", "prune", "unlock", "forget")
EVERY_BODY = {"worker": True, "enabled": True, "name": "west", "dangling_images": True, "key": "x"}


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> FakeSwarmState:
    shared = fake_swarm_state(node_info(role="manager", reachability="reachable"))
    monkeypatch.setattr(backends, "swarm_of", lambda _cluster: FakeSwarm(shared))
    return shared


@pytest.fixture
def node(state: FakeSwarmState) -> Node:
    row = NodeFactory(cluster__name="north", cluster__facts=FAKE_FACTS.as_columns())
    EngineEndpoint.objects.create(url="unix:///box", cluster=row.cluster, node=row)
    return row


def post(client: Client, row: Cluster | Node, call: str, body: object = None) -> object:
    kind = "clusters" if isinstance(row, Cluster) else "nodes"
    return client.post(
        f"/api/v1/{kind}/{row.pk}/{call}/", body or {}, content_type="application/json"
    )


def test_a_cluster_tells_its_facts_and_no_token(
    node: Node, viewer: User, with_token: WithToken
) -> None:
    row = with_token(viewer).get(f"/api/v1/clusters/{node.cluster_id}/").json()
    assert row["facts"]["managers"] == {"total": 1, "reachable": 1, "needed": 1, "tolerated": 0}
    assert row["facts"]["trust_root_fingerprint"] == FAKE_FACTS.trust_root_fingerprint
    assert row["condition"] == ""
    assert "SWMTKN" not in str(row)


@pytest.mark.parametrize(
    ("call", "body", "parameters"),
    [
        ("rotate-tokens", {"manager": True}, {"rotate_manager_token": True}),
        ("autolock", {"enabled": True}, {"autolock": True}),
        ("rotate-ca", {}, {"rotate_root": True}),
        ("rename", {"name": "west"}, {"name": "west"}),
    ],
)
def test_a_call_starts_an_operation(
    call: str,
    body: object,
    parameters: dict[str, object],
    node: Node,
    administrator: User,
    with_token: WithToken,
) -> None:
    answer = post(with_token(administrator), node.cluster, call, body)
    assert answer.status_code == 202, answer.content
    operation = Operation.objects.get()
    assert parameters.items() <= operation.parameters.items()
    assert str(operation.pk) in answer["Location"]


@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("rotate-tokens", {}),
        ("rotate-tokens", {"worker": "perhaps"}),
        ("autolock", {}),
        ("rename", {"name": ""}),
        ("rename", {"name": "x" * 65}),
    ],
)
def test_a_wrong_body_is_refused(
    call: str, body: object, node: Node, administrator: User, with_token: WithToken
) -> None:
    assert post(with_token(administrator), node.cluster, call, body).status_code == 400
    assert not Operation.objects.exists()


def test_what_the_preview_blocks_is_a_conflict(
    node: Node, administrator: User, with_token: WithToken
) -> None:
    script = with_token(administrator)
    assert post(script, node.cluster, "rotate-unlock-key").status_code == 409
    assert post(script, node.cluster, "forget").status_code == 409
    assert post(script, node, "prune", {"dangling_images": True}).status_code == 409
    assert post(script, node, "unlock", {"key": "SWMKEY-1-x"}).status_code == 409
    assert post(script, node, "forget").status_code == 405
    assert not Operation.objects.exists()


def test_secrets_are_read_by_post_noted_and_not_cached(
    node: Node, state: FakeSwarmState, administrator: User, with_token: WithToken
) -> None:
    script, cluster = with_token(administrator), node.cluster
    assert script.get(f"/api/v1/clusters/{cluster.pk}/join-tokens/").status_code == 405
    tokens = post(script, cluster, "join-tokens")
    assert tokens.json()["worker_token"] == state.join.worker_token
    assert "no-store" in tokens["Cache-Control"]
    key = post(script, cluster, "unlock-key")
    assert (key.json(), "no-store" in key["Cache-Control"]) == ({"unlock_key": ""}, True)
    noted = AuditEvent.objects.filter(action__startswith="cluster.show")
    assert noted.count() == 2
    assert "SWMTKN" not in str([vars(row) for row in noted])


def test_a_token_that_may_only_read_changes_and_shows_nothing(
    node: Node, administrator: User, with_token: WithToken
) -> None:
    script = with_token(administrator, "api.read")
    for call in CLUSTER_CALLS:
        assert post(script, node.cluster, call, EVERY_BODY).status_code == 403


def test_a_disks_usage_is_read_back(node: Node, viewer: User, with_token: WithToken) -> None:
    script, address = with_token(viewer), f"/api/v1/nodes/{node.pk}/disk-usage/"
    assert script.get(address).status_code == 404
    usage = DiskUsage(images=DiskShare(2, 30, 1, 10), unused_images=("team/app:1",))
    EngineDiskUsage.objects.create(node=node, measured_at=timezone.now(), usage=usage.as_columns())
    row = script.get(address).json()
    assert row["images"] == {"count": 2, "size_bytes": 30, "free_count": 1, "free_bytes": 10}
    assert row["unused_images"] == ["team/app:1"]


@pytest.mark.parametrize("who", ["viewer", "operator", "mallory"])
def test_outsiders_are_refused_everywhere(
    who: str, node: Node, request: pytest.FixtureRequest, with_token: WithToken
) -> None:
    script = with_token(request.getfixturevalue(who))
    for call in CLUSTER_CALLS:
        assert post(script, node.cluster, call, EVERY_BODY).status_code == 403, call
    allowed = {"disk-usage"} if who == "operator" else set()
    for call in NODE_CALLS:
        refused = post(script, node, call, EVERY_BODY).status_code == 403
        assert refused is (call not in allowed), call
    assert not AuditEvent.objects.filter(action__startswith="cluster.show").exists()


def test_mallory_reads_no_disk(node: Node, mallory: User, with_token: WithToken) -> None:
    address = f"/api/v1/nodes/{node.pk}/disk-usage/"
    assert with_token(mallory).get(address).status_code == 403
