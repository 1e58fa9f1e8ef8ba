"""What joining refuses: guesses, dead tokens, and hosts that ask for what is not theirs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.models import AuditEvent, User
from apps.nodes.models import AgentCertificate, Join, JoinToken
from apps.nodes.services.joining import throttle
from tests.factories.joining import HostTwin, fields_of, join_token_of
from tests.plugins.authority import csr_pem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_authority")]
WRONG = "dcej_AAAAAAAAAAAA_" + "B" * 46


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


def test_nobody_leaves_by_a_revoked_token(administrator: User) -> None:
    host = HostTwin(join_token_of(administrator).secret)
    host.ask("claim")
    JoinToken.objects.update(revoked_at=timezone.now())
    assert host.post("leave").status_code == 403


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
