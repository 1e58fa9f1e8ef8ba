"""Many names from one address at the token endpoint: docker's people wait, tokens go on, containerd counts once."""

from __future__ import annotations

import base64

import pytest
from django.core.cache import cache

from apps.accounts.models import AuditEvent
from apps.accounts.spraying import FREE_NAMES
from apps.registry import decisions
from tests.factories.accounts import PASSWORD, token_of

TOKEN = "/auth/token"
OFFICE = "127.0.0.1"


@pytest.fixture(autouse=True)
def _fresh_cache():
    cache.clear()


def ask(client, username, secret, address):
    basic = base64.b64encode(f"{username}:{secret}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}"}
    return client.get(TOKEN, {"service": "dce-registry"}, headers=headers, REMOTE_ADDR=address)


def as_containerd(client, username, secret, address):
    """POST, then GET."""
    form = {"grant_type": "password", "username": username, "password": secret}
    form |= {"service": "dce-registry", "client_id": "containerd-client"}
    first = client.post(TOKEN, form, REMOTE_ADDR=address)
    return first if first.status_code == 200 else ask(client, username, secret, address)


def test_containerds_two_requests_are_one_name(client, alice):
    for number in range(FREE_NAMES - 1):
        assert as_containerd(client, f"person-{number}", "Winter2026", OFFICE).status_code == 401
    assert as_containerd(client, "alice", PASSWORD, OFFICE).status_code == 200


def test_docker_is_told_to_wait_and_a_token_goes_on(client, alice):
    secret = token_of(alice, "registry.pull").secret
    for number in range(FREE_NAMES):
        ask(client, f"person-{number}", "Winter2026", "127.0.0.1")
    answer = ask(client, "alice", PASSWORD, "127.0.0.1")
    assert answer.status_code == 401
    assert "or use a token" in answer.json()["errors"][0]["message"]
    assert ask(client, "alice", secret, "127.0.0.1").status_code == 200
    assert AuditEvent.objects.filter(action="sign_in.slowed").count() == 1


def test_wrong_tokens_are_written_one_by_one_only_until_the_wait_begins(client, db, monkeypatch):
    noted = []
    monkeypatch.setattr(decisions, "note", noted.extend)
    for number in range(FREE_NAMES + 5):
        assert ask(client, "alice", f"dcep_guess{number}", OFFICE).status_code == 401
    assert [one.action for one in noted] == ["registry.login"] * FREE_NAMES
