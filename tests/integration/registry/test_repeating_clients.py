"""What containerd does with a wrong password, at the token endpoint: POST, then GET; that is one try."""

from __future__ import annotations

import base64
from urllib.parse import urlencode

import pytest
from django.core.cache import cache

from apps.accounts.lockout import FREE_TRIES
from apps.accounts.models import AuditEvent
from tests.factories.accounts import PASSWORD

ADDRESS = "/auth/token"


@pytest.fixture(autouse=True)
def _fresh_cache():
    cache.clear()


def as_containerd(client, password: str):
    """The two requests of one pull; the second one's answer is what the person sees."""
    form = {"grant_type": "password", "username": "alice", "password": password}
    facts = {"service": "dce-registry", "client_id": "containerd-client"}
    kind = "application/x-www-form-urlencoded"
    first = client.post(ADDRESS, urlencode({**form, **facts}), content_type=kind)
    if first.status_code == 200:
        return first
    basic = base64.b64encode(f"alice:{password}".encode()).decode()
    return client.get(ADDRESS, facts, headers={"Authorization": f"Basic {basic}"})


def test_four_pulls_with_four_wrong_passwords_are_four_tries(client, alice):
    for number in range(FREE_TRIES - 1):
        assert as_containerd(client, f"wrong {number}").status_code == 401
    assert as_containerd(client, PASSWORD).status_code == 200
    denied = AuditEvent.objects.filter(action="sign_in", result="denied")
    assert denied.count() == FREE_TRIES - 1


def test_the_fifth_has_to_wait_and_is_told_so(client, alice):
    for number in range(FREE_TRIES):
        as_containerd(client, f"wrong {number}")
    answer = as_containerd(client, PASSWORD)
    assert answer.status_code == 401
    assert "Too many wrong passwords" in answer.content.decode()


def test_a_second_factor_sends_docker_to_a_token_without_counting_it_as_a_guess(
    client, alice, phone_of
):
    phone_of(alice)
    for _ in range(FREE_TRIES + 1):
        answer = as_containerd(client, PASSWORD)
        assert answer.status_code == 401
        assert "use a personal token" in answer.content.decode()
    assert not AuditEvent.objects.filter(action="sign_in", result="denied").exists()
