"""Liveness and readiness: every dependency by name, nothing secret."""

from __future__ import annotations

import json

import pytest
import redis
from django.db import DatabaseError
from django.test import Client

from dce_portal import health, heartbeats
from dce_portal.health import Finding

NAMES = {"database", "redis", "registry", "stream", "worker", "poll", "beat"}


@pytest.fixture
def all_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything outside the database answers."""
    fine = lambda: Finding(ok=True, detail="answers")  # noqa: E731 - one line says it
    checks = {"database": health.check_database, "redis": fine, "registry": fine, "stream": fine}
    monkeypatch.setattr(health, "CHECKS", checks)
    monkeypatch.setattr(heartbeats, "age_s", lambda name: 3.0)


def test_livez_needs_nothing(client: Client) -> None:
    """No database, no Redis, no sign-in."""
    assert client.get("/livez").json() == {"status": "ok"}
    assert client.post("/livez").status_code == 405


@pytest.mark.django_db
@pytest.mark.usefixtures("all_well")
def test_readyz_names_everything(client: Client) -> None:
    """200 while all of it is there."""
    response = client.get("/readyz")
    assert response.status_code == 200
    assert set(response.json()["dependencies"]) == NAMES


@pytest.mark.django_db
@pytest.mark.usefixtures("all_well")
@pytest.mark.parametrize(
    ("age_s", "detail"), [(None, "not heard of yet"), (20.5, "heard of 20 s ago")]
)
def test_a_silent_worker_is_named(
    client: Client, monkeypatch: pytest.MonkeyPatch, age_s: float | None, detail: str
) -> None:
    """503, and which one."""
    monkeypatch.setattr(heartbeats, "age_s", lambda name: age_s if name == "poll" else 1.0)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["dependencies"]["poll"] == {"ok": False, "detail": detail}
    assert response.json()["dependencies"]["worker"]["ok"] is True


@pytest.mark.usefixtures("all_well")
def test_an_error_does_not_show_its_secrets(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages of drivers hold addresses and passwords; only the kind is told."""

    def fail(*_: object) -> None:
        raise DatabaseError("postgres://portal:hunter2@db")

    def fail_redis(name: str) -> None:
        raise redis.ConnectionError("redis://:hunter2@redis")

    monkeypatch.setattr(health.connection, "cursor", fail)
    monkeypatch.setattr(heartbeats, "age_s", fail_redis)
    response = client.get("/readyz")
    assert response.status_code == 503
    body = response.json()["dependencies"]
    assert body["database"] == {"ok": False, "detail": "does not answer (DatabaseError)"}
    assert body["beat"]["ok"] is False
    assert "hunter2" not in json.dumps(body)


def test_a_missing_socket_is_a_finding() -> None:
    """Registry and stream are not there in this test."""
    assert health.check_stream() == Finding(ok=False, detail="does not answer (FileNotFoundError)")
    assert health.check_registry().ok is False
