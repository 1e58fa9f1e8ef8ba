"""Agents are replaced one after the other, and the first that does not come back stops the rest."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from pytest_django.fixtures import Settings

from apps.nodes import backends
from apps.nodes.actions import action_of
from apps.nodes.adapters.fakes.agent_host import FakeAgentHost
from apps.nodes.models import Cluster, EngineEndpoint, Node
from apps.nodes.ports import EngineAddress
from apps.nodes.ports.agent_host import ReplacementOutcome
from apps.nodes.services import agent_upgrades
from apps.nodes.services.agent_upgrades import image_for, request_agents_upgrade
from dce_portal import operations
from dce_portal.errors import Conflict, InvalidInput
from dce_portal.models import Operation
from dce_portal.origin import PORTAL
from tests.factories.cluster import ClusterFactory, NodeFactory

pytestmark = pytest.mark.django_db

OLD, NEW = "1.0.0", "1.1.0"
FAILED = ReplacementOutcome(
    is_done=True, has_failed=True, said="It is unhealthy. The old one runs again."
)


@pytest.fixture(autouse=True)
def _registry_has_the_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent_upgrades, "agent_version", lambda: NEW)


@pytest.fixture
def cluster() -> Cluster:
    """A leader, a second manager and two workers, one of which has no agent."""
    cluster = ClusterFactory(name="swarm")
    add(cluster, "a-leader", role=Node.Role.MANAGER, is_leader=True)
    add(cluster, "b-manager", role=Node.Role.MANAGER)
    add(cluster, "c-worker")
    NodeFactory(cluster=cluster, hostname="d-bare")
    return cluster


def add(cluster: Cluster, hostname: str, **facts: object) -> Node:
    """A node with an old agent."""
    node = NodeFactory(cluster=cluster, hostname=hostname, agent_version=OLD, **facts)
    url = f"tcp://{hostname}:12376"
    EngineEndpoint.objects.create(url=url, node=node, cluster=cluster, kind="agent")
    return node


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> dict[str, FakeAgentHost]:
    """Each agent's engine by host name; while the operation waits, polls see what replaced agents answer."""
    made: dict[str, FakeAgentHost] = {}

    def host_at(address: EngineAddress) -> FakeAgentHost:
        return made.setdefault(hostname_of(address.url), FakeAgentHost())

    def polled(_pause_s: float) -> None:
        for hostname, host in made.items():
            if not host.ends.has_failed and host.image.endswith(NEW):
                Node.objects.filter(hostname=hostname).update(agent_version=NEW)

    monkeypatch.setattr(backends, "agent_host_port", host_at)
    monkeypatch.setattr(agent_upgrades.time, "sleep", polled)
    return made


def hostname_of(url: str) -> str:
    """The host in an agent's address."""
    return url.removeprefix("tcp://").partition(":")[0]


def carry_out(subject: Cluster | Node) -> Operation:
    """Ask for it, and let the worker do it."""
    operation = request_agents_upgrade(subject=subject, origin=PORTAL)
    operations.execute(str(operation.pk))
    operation.refresh_from_db()
    return operation


def versions() -> dict[str, str]:
    """Which node answers with which version."""
    return dict(Node.objects.values_list("hostname", "agent_version"))


def test_workers_come_first_and_the_leader_last(
    cluster: Cluster, hosts: dict[str, FakeAgentHost]
) -> None:
    operation = carry_out(cluster)
    assert (operation.state, operation.error) == ("succeeded", "")
    assert operation.result["upgraded"] == ["c-worker", "b-manager", "a-leader"]
    assert set(versions().values()) == {NEW, ""}
    image = f"portal:8443/dce/agent:{NEW}"
    assert hosts["c-worker"].asked == [
        f"pull {image}",
        f"replace by {image} with /var/run/docker.sock",
        "tidy",
    ]


def test_the_first_that_does_not_come_back_halts_the_rest(
    cluster: Cluster, hosts: dict[str, FakeAgentHost]
) -> None:
    hosts["b-manager"] = FakeAgentHost(ends=FAILED)
    operation = carry_out(cluster)
    assert operation.state == "failed"
    for words in (
        "halted at b-manager",
        "It is unhealthy",
        "Upgraded: c-worker",
        "touched: a-leader",
    ):
        assert words in operation.error
    assert "a-leader" not in hosts
    assert versions()["c-worker"] == NEW


def test_the_next_upgrade_goes_on_with_those_that_are_older(
    cluster: Cluster, hosts: dict[str, FakeAgentHost]
) -> None:
    hosts["b-manager"] = FakeAgentHost(ends=FAILED)
    carry_out(cluster)
    hosts["b-manager"].ends = ReplacementOutcome(is_done=True)
    assert carry_out(cluster).result["upgraded"] == ["b-manager", "a-leader"]
    with pytest.raises(Conflict, match="no agent here is older"):
        request_agents_upgrade(subject=cluster, origin=PORTAL)


def test_an_image_that_cannot_be_pulled_changes_nothing(
    cluster: Cluster, hosts: dict[str, FakeAgentHost]
) -> None:
    hosts["c-worker"] = FakeAgentHost(pull_error="no such host")
    operation = carry_out(cluster)
    assert "no such host" in operation.error
    assert set(versions().values()) == {OLD, ""}


def test_one_that_never_answers_again_is_given_up(
    cluster: Cluster, hosts: dict[str, FakeAgentHost], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_upgrades, "BACK_WITHIN_S", 0.0)
    operation = carry_out(cluster)
    assert "does not answer with the new version" in operation.error


def test_a_helper_that_still_works_is_not_disturbed(
    cluster: Cluster, hosts: dict[str, FakeAgentHost], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It removes the old agent after the new one has answered."""
    hosts["c-worker"] = FakeAgentHost(ends=ReplacementOutcome(is_done=False))
    polled = agent_upgrades.time.sleep

    def helper_ends(pause_s: float) -> None:
        if versions()["c-worker"] == NEW and not hosts["c-worker"].ends.is_done:
            assert "tidy" not in hosts["c-worker"].asked
            hosts["c-worker"].ends = ReplacementOutcome(is_done=True)
        polled(pause_s)

    monkeypatch.setattr(agent_upgrades.time, "sleep", helper_ends)
    assert carry_out(cluster).state == "succeeded"
    assert hosts["c-worker"].asked[-1] == "tidy"


def test_it_can_be_cancelled_between_nodes(
    cluster: Cluster, hosts: dict[str, FakeAgentHost], monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = request_agents_upgrade(subject=cluster, origin=PORTAL)
    polled = agent_upgrades.time.sleep

    def cancelled(pause_s: float) -> None:
        polled(pause_s)
        Operation.objects.filter(pk=operation.pk).update(cancel_requested=True)

    monkeypatch.setattr(agent_upgrades.time, "sleep", cancelled)
    operations.execute(str(operation.pk))
    operation.refresh_from_db()
    assert operation.state == "cancelled"
    assert versions()["c-worker"] == NEW
    assert versions()["a-leader"] == OLD


def test_one_node_alone(cluster: Cluster, hosts: dict[str, FakeAgentHost]) -> None:
    operation = carry_out(Node.objects.get(hostname="b-manager"))
    assert operation.result["upgraded"] == ["b-manager"]
    assert list(hosts) == ["b-manager"]


def test_without_an_image_it_says_what_to_do(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_upgrades, "agent_version", lambda: None)
    with pytest.raises(Conflict, match="DCE_AGENT_IMAGE"):
        request_agents_upgrade(subject=cluster, origin=PORTAL)


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        ("10.0.0.1:8443/dce/agent:1.0.0", "10.0.0.1:8443/dce/agent:1.1.0"),
        ("portal.example.org/dce/agent@sha256:00", "portal.example.org/dce/agent:1.1.0"),
        ("dce/agent:test", "public.example.org:8443/dce/agent:1.1.0"),
    ],
)
def test_the_new_image_has_the_name_by_which_the_node_reaches_the_registry(
    present: str, expected: str, settings: Settings
) -> None:
    settings.CONFIGURATION = SimpleNamespace(public_url="https://public.example.org:8443")
    assert image_for(present, version=NEW) == expected


def test_an_image_from_no_registry_needs_a_public_url(settings: Settings) -> None:
    settings.CONFIGURATION = SimpleNamespace(public_url=None)
    with pytest.raises(InvalidInput, match="DCE_PUBLIC_URL"):
        image_for("dce/agent:test", version=NEW)


def test_the_preview_names_versions_and_order(cluster: Cluster) -> None:
    action = action_of(Cluster, "upgrade-agents")
    preview = action.preview(cluster, {})
    assert NEW in preview.sentences[0]
    waiting, without = preview.details
    assert waiting.lines == tuple(
        f"{name}: {OLD}" for name in ("c-worker", "b-manager", "a-leader")
    )
    assert without.lines == ("d-bare",)
    Node.objects.exclude(agent_version="").update(agent_version=NEW)
    assert "no agent here is older" in action.preview(cluster, {}).blocked


@pytest.mark.parametrize(
    "address", ["clusters/{cluster}/upgrade-agents/", "nodes/{node}/upgrade-agent/"]
)
def test_an_administrator_starts_it_by_the_api_and_mallory_cannot(
    cluster: Cluster, administrator, operator, mallory, with_token: Callable, address: str
) -> None:
    node = Node.objects.get(hostname="c-worker")
    url = "/api/v1/" + address.format(cluster=cluster.pk, node=node.pk)
    for stranger in (mallory, operator):
        assert with_token(stranger).post(url).status_code in {403, 404}
    assert not Operation.objects.exists()
    answer = with_token(administrator).post(url, {}, content_type="application/json")
    assert answer.status_code == 202, answer.content
    assert Operation.objects.get().kind == "agents.upgrade"


def test_the_page_offers_it_to_who_may(
    cluster: Cluster, administrator, operator, mallory, signed_in: Callable
) -> None:
    url = f"/admin/nodes/cluster/{cluster.pk}/do/upgrade-agents/"
    assert signed_in(mallory).get(url).status_code in {302, 403, 404}
    assert signed_in(operator).get(url).status_code == 403
    page = signed_in(administrator).get(url).content.decode()
    assert "c-worker: 1.0.0" in page
    answer = signed_in(administrator).post(url)
    assert answer.status_code == 302
    assert str(Operation.objects.get().pk) in answer["Location"]
