"""What a joining host is told to do, by the Swarms and nodes that are known."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.nodes import backends, views
from apps.nodes.adapters.fakes.cluster import FakeSwarm, FakeSwarmState
from apps.nodes.models import Cluster, EngineEndpoint
from tests.factories.cluster import ClusterFactory, NodeFactory
from tests.factories.joining import HostTwin, answer_of_poll, certified, fields_of, join_token_of
from tests.plugins.authority import csr_pem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_authority")]


def test_a_full_swarm_takes_nobody(administrator: User, swarm: Cluster, settings) -> None:
    settings.CONFIGURATION = replace(settings.CONFIGURATION, node_limit=1)
    NodeFactory(cluster=swarm)
    answer = HostTwin(join_token_of(administrator, cluster=swarm).secret).post("claim")
    assert answer.status_code == 409
    assert "is full: it has 1 nodes" in fields_of(answer)["error"]


def test_without_an_agent_image_nobody_joins(
    administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "agent_image_reference", lambda _host: None)
    answer = HostTwin(join_token_of(administrator).secret).post("check")
    assert (answer.status_code, "make agent-image" in fields_of(answer)["error"]) == (409, True)


def test_the_first_host_of_a_new_swarm_makes_it_and_the_others_wait(
    administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = join_token_of(administrator, uses=2)
    first, second = HostTwin(issued.secret, 1), HostTwin(issued.secret, 2)
    certified(first)
    certified(second)
    assert first.ask("swarm")["action"] == "init"
    assert second.ask("swarm")["action"] == "wait"
    assert first.ask("swarm")["action"] == "init"
    made = ClusterFactory(native_id="fake-swarm")
    answer_of_poll(first, cluster=made)
    first.ask("result")
    monkeypatch.setattr(backends, "cluster_port", lambda _cluster: FakeSwarm(FakeSwarmState()))
    assert second.ask("swarm")["action"] == "join"


def test_a_founder_that_gave_up_is_replaced(administrator: User) -> None:
    issued = join_token_of(administrator, uses=2)
    first, second = HostTwin(issued.secret, 1), HostTwin(issued.secret, 2)
    first.ask("claim")
    second.ask("claim")
    assert first.ask("swarm")["action"] == "init"
    first.ask("step", step="swarm", state="failed", detail="docker swarm init failed")
    assert second.ask("swarm")["action"] == "init"


def test_a_member_of_the_swarm_gets_the_agent_only(administrator: User, swarm: Cluster) -> None:
    NodeFactory(cluster=swarm, native_id="inside")
    facts = {"swarm_state": "active", "swarm_node": "inside"}
    host = HostTwin(join_token_of(administrator, cluster=swarm).secret, facts=facts)
    host.ask("claim")
    assert host.ask("swarm") == {
        "action": "none",
        "availability": "active",
        "swarm_token": "",
        "managers": "",
    }


def test_a_member_of_another_swarm_is_refused(administrator: User, swarm: Cluster) -> None:
    facts = {"swarm_state": "active", "swarm_node": "stranger"}
    host = HostTwin(join_token_of(administrator, cluster=swarm).secret, facts=facts)
    answer = host.post("check")
    assert answer.status_code == 409
    assert "in another Swarm already" in fields_of(answer)["error"]


def test_a_copy_of_a_node_is_refused(administrator: User, swarm: Cluster) -> None:
    node = NodeFactory(cluster=swarm, hostname="original")
    EngineEndpoint.objects.create(
        url="tcp://10.0.0.99:12376",
        kind="agent",
        engine_id="ENGINE1",
        node=node,
        last_ok_at=timezone.now(),
    )
    host = HostTwin(join_token_of(administrator, cluster=swarm).secret)
    assert "original has the same engine ID" in host.ask("check")["duplicate_fatal"]
    assert host.post("claim").status_code == 409


def test_a_namesake_is_a_warning(administrator: User, swarm: Cluster) -> None:
    NodeFactory(cluster=swarm, hostname="host1")
    host = HostTwin(join_token_of(administrator, cluster=swarm).secret)
    assert "host1" in host.ask("check")["duplicate"]
    host.ask("claim")


def test_the_address_of_an_agent_that_answers_is_not_given_away(
    administrator: User, swarm: Cluster
) -> None:
    host = HostTwin(join_token_of(administrator, cluster=swarm).secret)
    EngineEndpoint.objects.create(
        url=f"tcp://{host.address}:12376", kind="agent", last_ok_at=timezone.now()
    )
    name = host.ask("claim")["name"]
    answer = host.post("certificate", pem=csr_pem(name))
    assert answer.status_code == 409
    assert "Another agent answers" in fields_of(answer)["error"]
