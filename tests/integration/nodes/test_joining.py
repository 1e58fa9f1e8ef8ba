"""What a joining host calls, from the script to its leave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from apps.accounts.models import AuditEvent, User
from apps.nodes import backends, views
from apps.nodes.adapters.fake import FAKE_JOIN, FakeSwarm, FakeSwarmState
from apps.nodes.models import AgentCertificate, Cluster, EngineEndpoint, Join, JoinToken, Node
from apps.nodes.services.joining import throttle
from dce_portal.models import Operation
from tests.factories.cluster import ClusterFactory, NodeFactory
from tests.factories.infos import node_info
from tests.factories.joining import HostTwin, fields_of, join_token_of
from tests.plugins.authority import csr_pem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_authority")]


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An agent image, no port probes, and no memory of other tests' guesses."""
    cache.clear()
    monkeypatch.setattr(views, "agent_image_reference", lambda host: f"{host}/dce/agent:1")
    monkeypatch.setattr(views, "reachability", lambda _host: {"port_12376": "reached"})
    yield
    cache.clear()


@pytest.fixture
def swarm(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """A Swarm that can be asked."""
    state = FakeSwarmState()
    monkeypatch.setattr(backends, "cluster_port", lambda _cluster: FakeSwarm(state))
    return ClusterFactory(native_id="fake-swarm")


def answer_of_poll(host: HostTwin, *, cluster: Cluster, native_id: str = "node1") -> Node:
    """What the poll would write once it has heard the agent."""
    node = NodeFactory(cluster=cluster, native_id=native_id, hostname=host.lines["hostname"])
    row = EngineEndpoint.objects.filter(url=f"tcp://{host.address}:12376")
    row.update(node=node, cluster=cluster, last_ok_at=timezone.now() + timedelta(seconds=1))
    return node


def certified(host: HostTwin) -> str:
    name = host.ask("claim")["name"]
    answer = host.post("certificate", pem=csr_pem(name))
    assert answer.status_code == 200, answer.content
    return str(answer.content.decode())


def test_the_script_comes_with_its_address_and_no_session(administrator: User) -> None:
    host = HostTwin(join_token_of(administrator).secret)
    answer = host.get()
    script = answer.content.decode()
    assert answer.status_code == 200
    assert script.startswith("#!/bin/sh\n")
    assert f"DCE_URL=http://testserver/join/{host.secret}\n" in script
    assert "DCE_REFUSAL=''\n" in script
    assert answer["Cache-Control"] == "no-store"
    assert not answer.cookies


def test_over_tls_the_script_pins_the_portals_key(administrator: User) -> None:
    host = HostTwin(join_token_of(administrator).secret)
    answer = host.client.get(f"/join/{host.secret}", secure=True)
    assert "DCE_PIN=''" not in answer.content.decode()
    assert "DCE_URL=https://" in answer.content.decode()


def test_the_registrys_ca_is_handed_out(administrator: User) -> None:
    answer = HostTwin(join_token_of(administrator).secret).get("/ca")
    assert answer.content.decode().startswith("-----BEGIN CERTIFICATE-----")


def test_a_check_takes_no_use_and_says_what_will_be_done(
    administrator: User, swarm: Cluster
) -> None:
    issued = join_token_of(administrator, cluster=swarm, role="manager")
    found = HostTwin(issued.secret).ask("check")
    assert (found["action"], found["role"], found["address"]) == ("join", "manager", "10.0.0.1")
    assert found["image"] == "testserver/dce/agent:1"
    assert abs(int(found["now_unix_s"]) - timezone.now().timestamp()) < 60
    issued.token.refresh_from_db()
    assert issued.token.uses_taken == 0
    assert not Join.objects.exists()


def test_a_whole_join(administrator: User, swarm: Cluster) -> None:
    issued = join_token_of(administrator, cluster=swarm, labels={"rack": "1"})
    host = HostTwin(issued.secret)
    bundle = certified(host)
    assert bundle.count("-----BEGIN CERTIFICATE-----") == 2
    endpoint = EngineEndpoint.objects.get(kind="agent")
    assert (endpoint.url, endpoint.certificates.count()) == ("tcp://10.0.0.1:12376", 1)
    assert endpoint.server_name == AgentCertificate.objects.get().name
    order = host.ask("swarm")
    assert (order["action"], order["swarm_token"]) == ("join", FAKE_JOIN.worker_token)
    assert order["managers"] == "10.0.0.1:2377"
    assert host.ask("result")["is_done"] == "no"
    node = answer_of_poll(host, cluster=swarm)
    ended = host.ask("result")
    assert (ended["is_done"], ended["page"]) == (
        "yes",
        f"http://testserver/admin/nodes/node/{node.pk}/change/",
    )
    join = Join.objects.get()
    assert (join.state, join.node, join.hostname) == ("succeeded", node, "host1")
    operation = Operation.objects.get()
    assert (operation.actor, operation.parameters["labels_to_set"]) == (
        administrator,
        {"rack": "1"},
    )
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"jointoken.issue", "join.begin", "certificate.issue", "join.end"} <= actions


def test_asking_again_after_the_end_changes_nothing(administrator: User, swarm: Cluster) -> None:
    host = HostTwin(join_token_of(administrator, cluster=swarm).secret)
    certified(host)
    answer_of_poll(host, cluster=swarm)
    host.ask("result")
    entries = AuditEvent.objects.count()
    assert host.ask("check")["is_joined"] == "yes"
    assert host.ask("result")["is_done"] == "yes"
    assert AuditEvent.objects.count() == entries


def test_an_interrupted_host_goes_on_without_another_use(
    administrator: User, swarm: Cluster
) -> None:
    issued = join_token_of(administrator, cluster=swarm)
    host = HostTwin(issued.secret)
    first, second = certified(host), certified(host)
    issued.token.refresh_from_db()
    assert issued.token.uses_taken == 1
    assert first != second
    assert AgentCertificate.objects.filter(revoked_at=None).count() == 1
    assert EngineEndpoint.objects.filter(kind="agent").count() == 1


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"revoked_at": timezone.now()}, "was revoked"),
        ({"expires_at": timezone.now() - timedelta(hours=1)}, "expired on"),
        ({"created_by": None}, "may no longer add nodes"),
        ({"uses_taken": 1}, "has been used 1 of 1 times"),
    ],
)
def test_a_dead_token_is_one_sentence(
    facts: dict[str, object], words: str, administrator: User
) -> None:
    host = HostTwin(join_token_of(administrator, facts=facts).secret)
    for path in ("check", "claim"):
        answer = host.post(path)
        assert answer.status_code == 403
        assert words in fields_of(answer)["error"]
    if "uses_taken" not in facts:
        assert words in host.get().content.decode()
    assert not Join.objects.exists()


def test_whoever_loses_the_right_lets_nobody_in_any_more(bob: User) -> None:
    """Mallory's and Bob's tokens alike: the right is asked when the token is used, too."""
    host = HostTwin(join_token_of(bob).secret)
    assert host.post("claim").status_code == 403


def test_of_two_hosts_after_the_last_use_one_gets_it(administrator: User) -> None:
    secret = join_token_of(administrator).secret
    HostTwin(secret, 1).ask("claim")
    answer = HostTwin(secret, 2).post("claim")
    assert (answer.status_code, Join.objects.count()) == (403, 1)


def test_a_use_that_another_host_took_meanwhile_is_not_given_twice(
    administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look and the taking are two statements: between them another process takes the last."""
    from apps.nodes.services.joining import claims

    issued = join_token_of(administrator)
    looked = claims.findings_of

    def meddler(*arguments: object, **more: object) -> object:
        JoinToken.objects.filter(pk=issued.token.pk).update(uses_taken=1)
        return looked(*arguments, **more)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(claims, "findings_of", meddler)
    answer = HostTwin(issued.secret).post("claim")
    assert answer.status_code == 403
    assert "has been used 1 of 1 times" in fields_of(answer)["error"]
    assert not Join.objects.exists()


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


@pytest.mark.parametrize("path", ["certificate", "swarm", "step", "result", "leave"])
def test_a_host_that_has_not_claimed_gets_nothing(path: str, administrator: User) -> None:
    answer = HostTwin(join_token_of(administrator).secret).post(path)
    assert answer.status_code == 404
    assert not AgentCertificate.objects.exists()


def test_a_request_for_another_name_is_not_signed(administrator: User) -> None:
    host = HostTwin(join_token_of(administrator).secret)
    host.ask("claim")
    answer = host.post("certificate", pem=csr_pem("agent-ffffffffffff.dce"))
    assert answer.status_code == 400
    assert not AgentCertificate.objects.exists()
    assert host.post("certificate", pem="").status_code == 400
    assert host.post("certificate", pem="-----BEGIN NONSENSE-----").status_code == 400


def test_steps_are_kept_and_unknown_ones_refused(administrator: User) -> None:
    host = HostTwin(join_token_of(administrator).secret)
    host.ask("claim")
    host.ask("step", step="image", state="running")
    host.ask("step", step="preflight", state="done", detail="1 warning")
    assert [step["name"] for step in Join.objects.get().steps] == ["preflight", "image"]
    assert host.post("step", step="reboot", state="done").status_code == 400
    host.ask("step", step="image", state="failed", detail="no room")
    join = Join.objects.get()
    assert (join.state, join.error) == ("failed", "no room")


def test_leaving_takes_back_what_joining_gave(administrator: User, swarm: Cluster) -> None:
    issued = join_token_of(administrator, cluster=swarm)
    host = HostTwin(issued.secret)
    certified(host)
    answer_of_poll(host, cluster=swarm)
    host.ask("result")
    JoinToken.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert host.ask("leave", stage="begin")["is_last_manager"] == "no"
    host.ask("leave", stage="end")
    assert not EngineEndpoint.objects.filter(kind="agent").exists()
    assert not AgentCertificate.objects.filter(revoked_at=None).exists()
    assert Join.objects.get().state == "left"
    assert AuditEvent.objects.filter(action="join.leave").count() == 1


def left_in_a_swarm(
    person: User, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, *, lost: bool = False
) -> tuple[FakeSwarmState, str]:
    """A Swarm with another manager, after its worker's leave, and what the host was told of it."""
    address = "tcp://10.0.0.99:2376"
    state = FakeSwarmState(unreachable={address} if lost else set())
    state.put(node_info("node1", hostname="host1", role="worker"))
    monkeypatch.setattr(backends, "cluster_port", lambda _cluster: FakeSwarm(state, [address]))
    EngineEndpoint.objects.create(url=address, cluster=cluster, is_manager=True)
    host = HostTwin(join_token_of(person, cluster=cluster).secret)
    certified(host)
    answer_of_poll(host, cluster=cluster)
    host.ask("result")
    host.ask("leave", stage="begin")
    engines = ClusterFactory(kind=Cluster.Kind.ENGINES, native_id="")
    answer_of_poll(host, cluster=engines, native_id="ENGINE1")
    return state, host.ask("leave", stage="end")["note"]


def test_a_host_that_left_is_in_no_list_of_nodes(
    administrator: User, swarm: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, note = left_in_a_swarm(administrator, swarm, monkeypatch)
    assert (state.nodes, note) == ({}, "")
    assert not Node.objects.filter(native_id="ENGINE1").exists()


def test_a_swarm_that_cannot_be_told_is_named_and_stops_no_leave(
    administrator: User, swarm: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, note = left_in_a_swarm(administrator, swarm, monkeypatch, lost=True)
    assert list(state.nodes) == ["node1"]
    assert note.startswith("The Swarm still lists host1: No manager answers.")
    assert Join.objects.get().state == "left"


def test_the_last_manager_is_told_that_the_swarm_ends(administrator: User, swarm: Cluster) -> None:
    host = HostTwin(join_token_of(administrator, cluster=swarm).secret)
    certified(host)
    node = answer_of_poll(host, cluster=swarm)
    Node.objects.filter(pk=node.pk).update(role="manager")
    assert host.ask("leave", stage="begin")["is_last_manager"] == "yes"


def test_nobody_leaves_by_a_revoked_token(administrator: User) -> None:
    host = HostTwin(join_token_of(administrator).secret)
    host.ask("claim")
    JoinToken.objects.update(revoked_at=timezone.now())
    assert host.post("leave").status_code == 403


WRONG = "dcej_AAAAAAAAAAAA_" + "B" * 46


@pytest.mark.parametrize("token", ["x", "dcej_", WRONG, "dcep_" + "a" * 59, "é" * 64])
def test_mallorys_guess_is_not_known_here(token: str) -> None:
    answer = HostTwin(token).get()
    assert answer.status_code == 404
    assert "not known here" in answer.content.decode()
    assert "exit 1" in answer.content.decode()


def test_a_token_with_one_letter_changed_is_a_guess(administrator: User) -> None:
    secret = join_token_of(administrator).secret
    other = secret[:30] + ("a" if secret[30] != "a" else "b") + secret[31:]
    assert HostTwin(other).post("claim").status_code == 404


def test_ten_thousand_guesses_leave_one_entry_and_no_row(
    administrator: User, django_assert_max_num_queries, caplog: pytest.LogCaptureFixture
) -> None:
    good = HostTwin(join_token_of(administrator).secret, 2)
    guess = HostTwin(WRONG)
    before = AuditEvent.objects.count()
    statuses = [guess.get().status_code for _ in range(throttle.FREE_TRIES)]
    with django_assert_max_num_queries(0):
        statuses += [guess.post("claim").status_code for _ in range(1000)]
    assert statuses == [404] * throttle.FREE_TRIES + [429] * 1000
    assert AuditEvent.objects.count() == before + 1
    assert AuditEvent.objects.latest("at").action == "join.guess"
    assert WRONG not in caplog.text
    good.ask("claim")


def test_too_large_and_unreadable_bodies_are_refused(administrator: User) -> None:
    host = HostTwin(join_token_of(administrator).secret)
    assert host.post("claim", pem="x" * 20_000).status_code == 413
    answer = host.client.post(f"/join/{host.secret}/claim", b"\xff\x00", content_type="text/plain")
    assert answer.status_code == 400
    assert host.client.get(f"/join/{host.secret}/claim").status_code == 405
    assert host.client.post(f"/join/{host.secret}").status_code == 405


def test_no_answer_names_the_token_in_the_log(
    administrator: User, caplog: pytest.LogCaptureFixture
) -> None:
    host = HostTwin(join_token_of(administrator, facts={"uses_taken": 1}).secret)
    host.post("claim")
    host.post("step")
    host.get("/ca")
    assert host.secret not in caplog.text


def test_the_secret_is_nowhere_in_the_database(administrator: User) -> None:
    issued = join_token_of(administrator)
    HostTwin(issued.secret).ask("claim")
    for table in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT * FROM "{table}"')
            assert issued.secret not in str(cursor.fetchall())
