"""The pages of certificates and of the CA: who sees them, who may do what."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import AuditEvent, User
from apps.nodes.models import AgentCertificate
from dce_portal import authority
from dce_portal.models import Operation
from tests.factories.certificates import CertificateFactory
from tests.plugins.authority import OwnAuthority

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
LIST = "admin:nodes_agentcertificate_changelist"


def test_the_list_shows_the_ca_and_each_state(
    own_authority: OwnAuthority, viewer: User, signed_in: SignedIn
) -> None:
    CertificateFactory(endpoint__url="tcp://192.0.2.77:12376")
    page = signed_in(viewer).get(reverse(LIST)).content.decode()
    assert authority.current_authority().name in page
    assert "tcp://192.0.2.77:12376" in page
    assert "● valid" in page
    assert reverse("admin:nodes_authority_rotate") not in page


@pytest.mark.parametrize("written", ["0746A2D0", "07:46:a2:d0", "746a2d0", "0x746a2d0"])
def test_a_serial_number_is_found_as_other_programs_write_it(
    own_authority: OwnAuthority, viewer: User, signed_in: SignedIn, written: str
) -> None:
    """openssl puts a zero before an odd number of digits, browsers put colons between pairs."""
    CertificateFactory(name="sought.agents", serial_hex="746a2d0")
    CertificateFactory(name="another.agents", serial_hex="1c3")
    page = signed_in(viewer).get(reverse(LIST), {"q": written}).content.decode()
    assert ("sought.agents" in page, "another.agents" in page) == (True, False)


def test_a_renewal_that_failed_is_said(
    own_authority: OwnAuthority, viewer: User, signed_in: SignedIn
) -> None:
    CertificateFactory(endpoint__certificate_error="It did not answer in time.")
    assert "It did not answer in time." in signed_in(viewer).get(reverse(LIST)).content.decode()


def test_before_the_first_start_there_is_no_ca(viewer: User, signed_in: SignedIn) -> None:
    assert "There is no CA yet" in signed_in(viewer).get(reverse(LIST)).content.decode()


def test_mallory_sees_neither_list_nor_certificate_nor_ca(
    own_authority: OwnAuthority, mallory: User, signed_in: SignedIn
) -> None:
    row = CertificateFactory()
    browser = signed_in(mallory)
    one = reverse("admin:nodes_agentcertificate_change", args=[row.pk])
    for address in (reverse(LIST), one, reverse("admin:nodes_authority_rotate")):
        assert browser.get(address).status_code == 403


@pytest.mark.parametrize("who", ["mallory", "viewer"])
def test_who_may_not_revoke_or_rotate(
    own_authority: OwnAuthority, who: str, request: pytest.FixtureRequest, signed_in: SignedIn
) -> None:
    row, browser = CertificateFactory(), signed_in(request.getfixturevalue(who))
    revoke = reverse("admin:nodes_agentcertificate_revoke", args=[row.pk])
    assert browser.post(revoke).status_code == 403
    assert browser.post(reverse("admin:nodes_authority_rotate")).status_code == 403
    row.refresh_from_db()
    assert row.revoked_at is None
    assert not Operation.objects.exists()


def test_an_administrator_revokes_all_of_an_agents(
    own_authority: OwnAuthority, administrator: User, signed_in: SignedIn
) -> None:
    row = CertificateFactory()
    CertificateFactory(endpoint=row.endpoint)
    browser = signed_in(administrator)
    page = reverse("admin:nodes_agentcertificate_change", args=[row.pk])
    assert "Revoke every certificate of this agent" in browser.get(page).content.decode()
    revoke = reverse("admin:nodes_agentcertificate_revoke", args=[row.pk])
    assert browser.get(revoke).status_code == 405
    assert "2 certificates were revoked" in browser.post(revoke, follow=True).content.decode()
    assert not AgentCertificate.objects.filter(revoked_at=None).exists()
    event = AuditEvent.objects.filter(action="certificate.revoke").first()
    assert event.actor == administrator
    assert "Revoke every certificate" not in browser.get(page).content.decode()


def test_an_administrator_replaces_the_ca(
    own_authority: OwnAuthority, administrator: User, signed_in: SignedIn
) -> None:
    browser, address = signed_in(administrator), reverse("admin:nodes_authority_rotate")
    assert "Join lines stay valid" in browser.get(address).content.decode()
    answer = browser.post(address)
    operation = Operation.objects.get()
    assert answer["Location"] == reverse("admin:portal_operation_change", args=[operation.pk])
    assert operation.kind == "authority.rotate"
    again = browser.post(address, follow=True).content.decode()
    assert "under way already" in again
    assert Operation.objects.count() == 1
