"""The check, the key set, and the operation that replaces the key, over a registry by hand."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import AuditEvent
from apps.registry.key_files import KeyFiles, Stage
from apps.registry.ports import Challenge
from apps.registry.services import key_rotation, request_key_rotation
from apps.registry.services.key_rotation import resume_key_rotation
from dce_portal.errors import Conflict
from dce_portal.launcher.errors import LauncherError
from dce_portal.launcher.keys import make_keys
from dce_portal.models import Operation, OperationState
from dce_portal.operations import execute, request_cancel
from dce_portal.origin import PORTAL
from tests.factories.accounts import token_of

pytestmark = pytest.mark.django_db
RIGHTS = ("check_registry", "rotate_keys")


class ProbeByHand:
    """Answers as it is told."""

    def __init__(self):
        self.takes_tokens = True
        self.told_at = None

    def challenge(self):
        told_at = self.told_at or timezone.now()
        return Challenge(401, "http://testserver/auth/token", "dce-registry", told_at)

    def accepts(self, token):
        return self.takes_tokens


@pytest.fixture
def files(tmp_path, settings):
    """Keys of this test's own."""
    make_keys(tmp_path)
    old = settings.PATHS
    settings.PATHS = type("Paths", (), {"secrets": tmp_path, "registry_data": old.data})()
    return KeyFiles(tmp_path)


@pytest.fixture
def probe(monkeypatch):
    by_hand = ProbeByHand()

    @contextmanager
    def opened():
        yield by_hand

    for module in ("check", "key_rotation"):
        monkeypatch.setattr(f"apps.registry.services.{module}.open_probe", opened)
    return by_hand


@pytest.fixture
def rolls(monkeypatch):
    """How often the registry was restarted; nothing is waited for."""
    made = []
    monkeypatch.setattr(key_rotation, "roll_registry", made.append)
    monkeypatch.setattr(key_rotation, "FOLLOWED_AFTER_S", 0)
    monkeypatch.setattr(key_rotation, "LOOK_EVERY_S", 0)
    return made


@pytest.fixture
def all_tokens_ended(monkeypatch, rolls):
    monkeypatch.setattr(
        KeyFiles, "retires_at", lambda _files: timezone.now() - timedelta(seconds=1)
    )
    return rolls


@pytest.fixture
def keeper(alice):
    """Alice may look and replace."""
    alice.user_permissions.add(*Permission.objects.filter(codename__in=RIGHTS))
    return alice


def run(operation):
    execute(str(operation.pk))
    operation.refresh_from_db()
    return operation


def test_the_page_says_what_is_wrong_and_what_to_do(signed_in, keeper, files, probe):
    probe.told_at = timezone.now() - timedelta(minutes=10)
    page = signed_in(keeper).get(reverse("admin:registry_check")).content.decode()
    assert 'data-finding="clock" data-state="bad"' in page
    assert 'data-finding="token" data-state="good"' in page
    assert "Synchronise both clocks" in page
    assert "Replace the key" in page


def test_the_api_tells_the_same(client, keeper, files, probe):
    probe.takes_tokens = False
    headers = {"Authorization": f"Bearer {token_of(keeper, 'api.read').secret}"}
    rows = client.get("/api/v1/registry/check/", headers=headers).json()
    assert {row["name"]: row["state"] for row in rows}["token"] == "bad"
    assert all(row["advice"] for row in rows if row["state"] in ("bad", "late"))


def test_mallory_and_narrow_tokens_are_refused(client, signed_in, mallory, keeper, files, probe):
    for person, status in ((mallory, 403), (None, 302)):
        browser = signed_in(person) if person else client
        assert browser.get(reverse("admin:registry_check")).status_code == status
        assert browser.post(reverse("admin:registry_rotate_keys")).status_code == status
    headers = {"Authorization": f"Bearer {token_of(keeper, 'api.read').secret}"}
    assert client.post("/api/v1/registry/rotate-keys/", headers=headers).status_code == 403
    assert not Operation.objects.exists()


def test_the_key_set_is_public(client, files):
    answer = client.get("/auth/jwks")
    assert answer.status_code == 200
    assert {key["crv"] for key in answer.json()["keys"]} == {"P-256"}
    assert "PRIVATE" not in answer.content.decode()
    assert not any("d" in key for key in answer.json()["keys"])


def test_the_key_is_replaced_and_audited(client, keeper, files, probe, all_tokens_ended):
    before = files.key.read_bytes()
    headers = {"Authorization": f"Bearer {token_of(keeper, 'api.write').secret}"}
    answer = client.post("/api/v1/registry/rotate-keys/", headers=headers)
    assert answer.status_code == 202
    operation = run(Operation.objects.get())
    assert operation.state == OperationState.SUCCEEDED, operation.error
    assert files.key.read_bytes() != before
    assert (files.stage(), len(all_tokens_ended)) == (Stage.STEADY, 2)
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"registry.rotate_keys", "registry.rotate_keys.finished"} <= actions


def test_a_registry_that_does_not_take_the_next_key_keeps_the_present_one(files, probe, rolls):
    before = files.key.read_bytes(), files.bundle.read_bytes()
    probe.takes_tokens = False
    operation = run(request_key_rotation(origin=PORTAL))
    assert operation.state == OperationState.FAILED
    assert "present key goes on" in operation.error
    assert (files.key.read_bytes(), files.bundle.read_bytes()) == before


def test_a_registry_that_does_not_come_back_keeps_the_present_key(files, probe, monkeypatch):
    def fail(_paths):
        raise LauncherError("Waited in vain.")

    monkeypatch.setattr(key_rotation, "roll_registry", fail)
    operation = run(request_key_rotation(origin=PORTAL))
    assert operation.state == OperationState.FAILED
    assert "Waited in vain." in operation.error
    assert files.stage() is Stage.STEADY


def test_cancelled_while_both_are_trusted_it_goes_on_later(files, probe, rolls, monkeypatch):
    operation = request_key_rotation(origin=PORTAL)
    real_say = key_rotation.OperationRun.say

    def say_and_cancel(run, text):
        real_say(run, text)
        if "stays trusted" in text:
            request_cancel(Operation.objects.get(pk=operation.pk))

    monkeypatch.setattr(key_rotation.OperationRun, "say", say_and_cancel)
    assert run(operation).state == OperationState.CANCELLED
    assert files.stage() is Stage.OVERLAP
    long_ago = time.time() - 3600
    os.utime(files.key, (long_ago, long_ago))
    monkeypatch.setattr(key_rotation.OperationRun, "say", real_say)
    resumed = resume_key_rotation()
    assert run(resumed).state == OperationState.SUCCEEDED
    assert files.stage() is Stage.STEADY
    assert resume_key_rotation() is None


@pytest.mark.parametrize("step", ["begin", "switch"])
def test_interrupted_after_any_step_it_goes_on(files, probe, all_tokens_ended, step):
    files.begin()
    if step == "switch":
        files.switch()
    assert run(resume_key_rotation()).state == OperationState.SUCCEEDED
    assert files.stage() is Stage.STEADY


def test_a_registry_of_ones_own_waits_for_a_person(
    signed_in, keeper, files, probe, all_tokens_ended, settings
):
    settings.REGISTRY_URL = "https://registry.example.org"
    first = run(request_key_rotation(origin=PORTAL))
    assert (first.state, files.stage()) == (OperationState.SUCCEEDED, Stage.PREPARED)
    assert resume_key_rotation() is None
    page = signed_in(keeper).get(reverse("admin:registry_check")).content.decode()
    assert page.count("BEGIN CERTIFICATE") == 2
    assert "Done: the registry was restarted" in page
    probe.takes_tokens = False
    assert run(request_key_rotation(origin=PORTAL)).state == OperationState.FAILED
    assert files.stage() is Stage.PREPARED
    probe.takes_tokens = True
    assert run(request_key_rotation(origin=PORTAL)).state == OperationState.SUCCEEDED
    assert (files.stage(), all_tokens_ended) == (Stage.STEADY, [])


def test_one_rotation_at_a_time(files):
    request_key_rotation(origin=PORTAL)
    with pytest.raises(Conflict):
        request_key_rotation(origin=PORTAL)
