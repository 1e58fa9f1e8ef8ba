"""What a joining host calls, from the script to its leave."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import AuditEvent, User
from apps.nodes.adapters.fakes.cluster import FAKE_JOIN
from apps.nodes.models import AgentCertificate, Cluster, EngineEndpoint, Join, JoinToken, Node
from dce_portal.models import Operation
from tests.factories.joining import HostTwin, answer_of_poll, certified, fields_of, join_token_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_authority")]


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


def test_the_last_manager_is_told_that_the_swarm_ends(administrator: User, swarm: Cluster) -> None:
    host = HostTwin(join_token_of(administrator, cluster=swarm).secret)
    certified(host)
    node = answer_of_poll(host, cluster=swarm)
    Node.objects.filter(pk=node.pk).update(role="manager")
    assert host.ask("leave", stage="begin")["is_last_manager"] == "yes"
