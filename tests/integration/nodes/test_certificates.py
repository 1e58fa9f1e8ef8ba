"""Agents' certificates from the request to the row, renewed in time, revoked, and moved to a new CA."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import AuditEvent
from apps.nodes import backends, services
from apps.nodes.adapters.fakes.keeper import FakeKeeper
from apps.nodes.models import AgentCertificate, EngineEndpoint
from apps.nodes.selectors import address_of, poll_targets
from apps.nodes.services.certificates import rotation
from dce_portal import authority, operations
from dce_portal.authority import Stage
from dce_portal.errors import Conflict, InvalidInput
from dce_portal.models import Operation
from dce_portal.origin import PORTAL
from tests.factories.certificates import AgentFactory, CertificateFactory
from tests.plugins.authority import OwnAuthority

pytestmark = pytest.mark.django_db


class Fleet(dict[str, FakeKeeper]):
    """Keepers under the agents' names."""

    def joined(self, endpoint: EngineEndpoint) -> FakeKeeper:
        """An agent with its first certificate, as a join leaves it."""
        keeper = self[endpoint.server_name] = FakeKeeper(endpoint.server_name)
        issued = services.issue_agent_certificate(
            endpoint=endpoint, csr_pem=keeper.csr_of(keeper.key), addresses=[], origin=PORTAL
        )
        keeper.certificate_pem, keeper.ca_pem = issued.pem, authority.bundle_pem()
        return keeper


@pytest.fixture
def fleet(own_authority: OwnAuthority, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    keepers = Fleet()
    monkeypatch.setattr(backends, "keeper_port", lambda address: keepers[address.server_name])
    return keepers


def grow_older(endpoint: EngineEndpoint, *, days: int) -> None:
    for row in AgentCertificate.objects.filter(endpoint=endpoint):
        row.issued_at -= timedelta(days=days)
        row.expires_at -= timedelta(days=days)
        row.save()


def serial_of(keeper: FakeKeeper) -> str:
    return asyncio.run(keeper.certificate()).serial_hex


def rotated() -> Operation:
    operation = services.request_rotation(origin=PORTAL)
    operations.execute(str(operation.pk))
    operation.refresh_from_db()
    return operation


def test_what_is_issued_is_noted_and_audited(fleet: Fleet) -> None:
    endpoint = AgentFactory()
    fleet.joined(endpoint)
    row = AgentCertificate.objects.get()
    assert (row.endpoint, row.name, row.is_valid) == (endpoint, endpoint.server_name, True)
    assert row.authority_fingerprint == authority.current_fingerprint()
    event = AuditEvent.objects.get(action="certificate.issue")
    assert event.detail["serial"] == row.serial_hex


def test_a_request_that_must_not_be_signed_leaves_nothing(fleet: Fleet) -> None:
    with pytest.raises(InvalidInput, match="no certificate request"):
        services.issue_agent_certificate(
            endpoint=AgentFactory(), csr_pem="garbage", addresses=[], origin=PORTAL
        )
    assert not AgentCertificate.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_young_certificate_is_left_alone(fleet: Fleet) -> None:
    keeper = fleet.joined(AgentFactory())
    assert services.renew_due_certificates() == []
    assert keeper.calls == ["certificate"]


def test_renewed_at_two_thirds_with_a_new_key(fleet: Fleet) -> None:
    endpoint = AgentFactory()
    keeper = fleet.joined(endpoint)
    key, serial = keeper.key, serial_of(keeper)
    grow_older(endpoint, days=61)
    assert services.renew_due_certificates() == []
    assert keeper.key is not key
    newest = AgentCertificate.objects.first()
    assert newest is not None
    assert serial_of(keeper) == newest.serial_hex != serial
    assert newest.expires_at > timezone.now() + timedelta(days=89)


def test_one_that_was_issued_and_never_arrived_is_issued_again(fleet: Fleet) -> None:
    endpoint = AgentFactory()
    keeper = fleet.joined(endpoint)
    grow_older(endpoint, days=61)
    keeper.stubborn = True
    assert services.renew_due_certificates() == [endpoint]
    endpoint.refresh_from_db()
    assert endpoint.certificate_error == f"The agent {endpoint.server_name} refused."
    keeper.stubborn = False
    assert services.renew_due_certificates() == []
    endpoint.refresh_from_db()
    assert endpoint.certificate_error == ""
    assert AgentCertificate.objects.get(serial_hex=serial_of(keeper)).is_valid


def test_one_silent_agent_does_not_keep_the_others_waiting(fleet: Fleet) -> None:
    silent, sound = AgentFactory(), AgentFactory()
    fleet.joined(silent).silent = True
    keeper = fleet.joined(sound)
    for endpoint in (silent, sound):
        grow_older(endpoint, days=61)
    assert services.renew_due_certificates() == [silent]
    assert "install" in keeper.calls


@pytest.mark.parametrize("what", ["revoked", "expired"])
def test_an_agent_that_can_be_asked_no_more_is_not(fleet: Fleet, what: str) -> None:
    endpoint = AgentFactory()
    keeper = fleet.joined(endpoint)
    if what == "revoked":
        services.revoke_agent_certificates(endpoint, reason="removed", origin=PORTAL)
    else:
        grow_older(endpoint, days=91)
    assert services.renew_due_certificates() == []
    assert keeper.calls == []


def test_revoking_refuses_all_that_the_agent_ever_bore(fleet: Fleet) -> None:
    endpoint, other = AgentFactory(), CertificateFactory()
    rows = CertificateFactory.create_batch(2, endpoint=endpoint)
    CertificateFactory(endpoint=endpoint, expires_at=timezone.now() - timedelta(days=1))
    assert services.revoke_agent_certificates(endpoint, reason="removed", origin=PORTAL) == 3
    assert services.revoke_agent_certificates(endpoint, reason="again", origin=PORTAL) == 0
    refused = address_of(endpoint).tls.refused
    assert refused == {row.fingerprint_sha256 for row in rows}
    assert address_of(other.endpoint).tls.refused == frozenset()
    assert AuditEvent.objects.filter(action="certificate.revoke").count() == 3


def test_a_revocation_closes_the_connections_of_that_agent_alone(fleet: Fleet) -> None:
    """The poller opens a target anew when its address differs."""
    revoked, other = CertificateFactory(), CertificateFactory()
    before = {target.pk: target for target in poll_targets(shard=0, shards=1)}
    services.revoke_agent_certificates(revoked.endpoint, reason="removed", origin=PORTAL)
    after = {target.pk: target for target in poll_targets(shard=0, shards=1)}
    assert after[revoked.endpoint.pk] != before[revoked.endpoint.pk]
    assert after[other.endpoint.pk] == before[other.endpoint.pk]


def test_revocations_are_read_once_for_all_targets(
    fleet: Fleet, django_assert_max_num_queries
) -> None:
    CertificateFactory.create_batch(30, revoked_at=timezone.now())
    with django_assert_max_num_queries(4):
        assert len(list(poll_targets(shard=0, shards=1))) == 30


def test_all_agents_follow_to_a_new_ca(fleet: Fleet) -> None:
    keepers = [fleet.joined(AgentFactory()) for _ in range(3)]
    before = authority.current_fingerprint()
    operation = rotated()
    assert (operation.state, operation.error) == ("succeeded", "")
    assert operation.result["waiting"] == []
    assert operation.progress_percent == 100
    after = authority.current_fingerprint()
    assert after != before
    assert authority.rotation_stage() is Stage.STEADY
    assert {keeper.trusted for keeper in keepers} == {frozenset({after})}
    borne = AgentCertificate.objects.filter(serial_hex__in=map(serial_of, keepers))
    assert {row.authority_fingerprint for row in borne} == {after}


def test_a_silent_agent_keeps_the_overlap_until_it_has_followed(fleet: Fleet) -> None:
    endpoint = AgentFactory()
    keeper, other = fleet.joined(endpoint), fleet.joined(AgentFactory())
    keeper.silent = True
    operation = rotated()
    assert operation.state == "succeeded"
    assert operation.result["waiting"] == [endpoint.url]
    assert any(endpoint.url in line["text"] for line in operation.log)
    assert authority.rotation_stage() is Stage.OVERLAP
    assert services.finish_rotation() == [endpoint.url]
    assert len(other.trusted) == 2

    keeper.silent = False
    assert services.finish_rotation() == []
    assert authority.rotation_stage() is Stage.STEADY
    assert keeper.trusted == other.trusted == {authority.current_fingerprint()}


def test_revoking_the_one_that_is_lost_ends_the_overlap(fleet: Fleet) -> None:
    endpoint = AgentFactory()
    fleet.joined(endpoint).silent = True
    rotated()
    services.revoke_agent_certificates(endpoint, reason="lost", origin=PORTAL)
    assert services.finish_rotation() == []
    assert authority.rotation_stage() is Stage.STEADY


@pytest.mark.parametrize("step", ["_switch", "_follow", "_retire"])
def test_a_rotation_goes_on_after_a_crash(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The operation fails and says so; started again, it makes no third CA."""
    keeper = fleet.joined(AgentFactory())
    with monkeypatch.context() as patched:
        patched.setattr(rotation, step, _crash)
        assert rotated().state == "failed"
    stage = authority.rotation_stage()
    assert stage is not Stage.STEADY
    trusted = authority.bundle_fingerprints()
    assert "goes on with it" in services.preview_rotation()[0]
    assert rotated().state == "succeeded"
    assert authority.rotation_stage() is Stage.STEADY
    assert authority.bundle_fingerprints() < trusted
    assert keeper.trusted == authority.bundle_fingerprints()


def test_the_hourly_task_goes_on_by_itself(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    keeper = fleet.joined(AgentFactory())
    with monkeypatch.context() as patched:
        patched.setattr(rotation, "_switch", _crash)
        rotated()
    assert services.finish_rotation() == []
    assert authority.rotation_stage() is Stage.STEADY
    assert keeper.trusted == {authority.current_fingerprint()}


def test_one_rotation_at_a_time(fleet: Fleet) -> None:
    services.request_rotation(origin=PORTAL)
    with pytest.raises(Conflict, match="under way already"):
        services.request_rotation(origin=PORTAL)


def _crash(*_arguments: object) -> None:
    raise RuntimeError("the power went off")
