"""The audit sent on, to real receivers on loopback."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import ssl
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.utils import timezone

from apps.accounts.models import AuditEvent
from apps.forwarding.models import Forward
from apps.forwarding.services import sending
from apps.forwarding.services.receivers import delete_forward, save_forward
from apps.forwarding.services.sending import send_to, send_to_all
from apps.forwarding.tasks import send_audit_on
from dce_portal.errors import InvalidInput
from dce_portal.origin import PORTAL
from tests.factories.accounts import AuditEventFactory
from tests.standins.receivers import http_receiver
from tests.standins.syslog import tcp_receiver, udp_receiver

pytestmark = pytest.mark.django_db
AT_ONCE = timedelta(0)


def forward_to(address: str, *, kind: str = "syslog-tcp", secret: str | None = None, **values):
    """A receiver that has all that was before."""
    wish = {"name": "logs", "kind": kind, "address": address, **values}
    forward = save_forward(Forward(), wish, secret=secret, origin=PORTAL)
    Forward.objects.filter(pk=forward.pk).update(sent_to=AuditEvent.objects.latest("pk").pk)
    forward.refresh_from_db()
    return forward


def send(forward) -> int:
    return send_to(forward.pk, settle=AT_ONCE)


def again(forward) -> int:
    """As if the pause was over."""
    Forward.objects.filter(pk=forward.pk).update(next_try_at=None)
    return send(forward)


def test_over_tcp_every_entry_arrives_once_and_in_order():
    with tcp_receiver() as receiver:
        forward = forward_to(receiver.address)
        AuditEventFactory.create_batch(450, action="sign_in")
        assert send(forward) == 450
        assert send(forward) == 0
        texts = receiver.take(450)
    numbers = [int(text.partition(b'id="')[2].partition(b'"')[0]) for text in texts]
    assert numbers == sorted(set(numbers))
    assert all(text.startswith(b"<110>1 ") for text in texts)
    forward.refresh_from_db()
    assert (forward.state, forward.entries_sent, forward.sent_to) == ("sending", 450, numbers[-1])


def test_over_udp():
    with udp_receiver() as receiver:
        forward = forward_to(receiver.address, kind="syslog-udp")
        AuditEventFactory(actor_label="爱丽丝", detail={"long": "x" * 5000}, result="denied")
        assert send(forward) == 1
        (text,) = receiver.take(1)
    assert text.startswith(b"<108>1 ")
    assert len(text) == 2048
    assert 'actor="爱丽丝"' in text.decode()


def test_over_tls_with_an_authority_of_ones_own_and_with_none_that_is_trusted(tls_server):
    context, authority = tls_server
    with tcp_receiver(tls=context) as receiver:
        forward = forward_to(receiver.address, kind="syslog-tls", ca_certificates=authority)
        AuditEventFactory(action="sign_out")
        assert send(forward) == 1
        assert b"sign_out" in receiver.take(1)[0]
        stranger = forward_to(receiver.address, kind="syslog-tls", name="stranger")
        AuditEventFactory()
        assert send(stranger) == 0
    stranger.refresh_from_db()
    assert "CERTIFICATE_VERIFY_FAILED" in stranger.problem


def test_a_receiver_that_was_away_gets_what_it_missed():
    with tcp_receiver() as receiver:
        forward = forward_to(receiver.address)
    AuditEventFactory.create_batch(3)
    assert send(forward) == 0
    forward.refresh_from_db()
    assert (forward.state, forward.failures) == ("behind", 1)
    assert "refused" in forward.problem
    assert forward.next_try_at > timezone.now()
    assert send(forward) == 0, "it waits until its time has come"
    with tcp_receiver(port=receiver.port) as back:
        assert again(forward) == 3
        assert len(back.take(3)) == 3
    forward.refresh_from_db()
    assert (forward.state, forward.failures, forward.problem) == ("sending", 0, "")


def test_a_receiver_that_resets_has_taken_nothing():
    with tcp_receiver(resets=True) as receiver:
        forward = forward_to(receiver.address)
        AuditEventFactory.create_batch(3)
        assert send(forward) == 0
    forward.refresh_from_db()
    assert (forward.state, forward.entries_sent) == ("behind", 0)


def test_a_webhook_is_signed_and_tried_again():
    with http_receiver() as receiver:
        forward = forward_to(receiver.url("ok"), kind="webhook", secret="a key")
        event = AuditEventFactory(detail={"name": "ci"})
        assert send(forward) == 1
        (request,) = receiver.requests
        (entry,) = request.json["entries"]
        assert (entry["id"], entry["detail"]) == (event.pk, {"name": "ci"})
        text = request.headers["X-DCE-Timestamp"].encode() + b"." + request.body
        digest = hmac.new(b"a key", text, hashlib.sha256).hexdigest()
        assert request.headers["X-DCE-Signature"] == f"sha256={digest}"
        for behaviour in ("broken", "moved", "busy"):
            Forward.objects.update(address=receiver.url(behaviour))
            AuditEventFactory()
            assert again(forward) == 0
        forward.refresh_from_db()
        assert (forward.failures, forward.problem[:3]) == (3, "429")
        Forward.objects.update(address=receiver.url("ok"))
        assert again(forward) == 3


def test_what_is_younger_waits_so_that_no_slower_transaction_is_passed_over():
    with tcp_receiver() as receiver:
        forward = forward_to(receiver.address)
        old = AuditEventFactory(at=timezone.now() - timedelta(minutes=1))
        AuditEventFactory()
        AuditEventFactory(at=timezone.now() - timedelta(minutes=1))
        assert send_to(forward.pk) == 1
        forward.refresh_from_db()
    assert forward.sent_to == old.pk


def test_one_process_at_a_time_and_what_is_off_waits():
    with tcp_receiver() as receiver:
        forward = forward_to(receiver.address)
        AuditEventFactory(at=timezone.now() - timedelta(minutes=1))
        Forward.objects.update(busy_until=timezone.now() + timedelta(minutes=1))
        assert send_to_all() == 0
        Forward.objects.update(busy_until=None, is_active=False)
        assert send_to_all() == 0
        Forward.objects.update(is_active=True)
        send_audit_on()
        assert len(receiver.take(1)) == 1
    forward.refresh_from_db()
    assert forward.busy_until is None


def test_a_batch_that_was_taken_and_not_noted_is_sent_again(monkeypatch):
    class Forgetful(Exception):
        pass

    def forget(*_args):
        raise Forgetful

    with tcp_receiver() as receiver:
        forward = forward_to(receiver.address)
        AuditEventFactory()
        with monkeypatch.context() as patch:
            patch.setattr(sending, "_note_taken", forget)
            with pytest.raises(Forgetful):
                send(forward)
        assert again(forward) == 1
        first, second = receiver.take(2)
    assert first == second


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"kind": "syslog-tcp", "address": "https://x"}, "address"),
        ({"kind": "webhook", "address": "logs:514"}, "address"),
        ({"kind": "webhook", "address": "https://u:p@x/"}, "address"),
        ({"kind": "syslog-tls", "address": "x:1", "ca_certificates": "nothing"}, "ca_certificates"),
    ],
)
def test_what_is_no_receiver_is_refused(wish, field):
    with pytest.raises(InvalidInput) as error:
        save_forward(Forward(), {"name": "x", **wish}, secret=None, origin=PORTAL)
    assert error.value.field == field


def test_the_key_is_sealed_and_does_not_follow_to_another_host():
    forward = forward_to("https://a.example/in", kind="webhook", secret="hunter2")
    assert "hunter2" not in str(Forward.objects.values().get())
    assert "hunter2" not in str(list(AuditEvent.objects.values()))
    with pytest.raises(InvalidInput):
        save_forward(forward, {"address": "https://b.example/in"}, secret=None, origin=PORTAL)
    forward.refresh_from_db()
    moved = save_forward(forward, {"address": "https://a.example/x"}, secret=None, origin=PORTAL)
    assert moved.sealed_secret
    cleared = save_forward(moved, {}, secret="", origin=PORTAL)
    assert cleared.sealed_secret == ""
    delete_forward(cleared, origin=PORTAL)
    acts = AuditEvent.objects.values_list("action", flat=True).order_by("pk")
    assert list(acts) == ["forward.add", "forward.change", "forward.change", "forward.delete"]


@pytest.fixture(scope="module")
def tls_server(tmp_path_factory):
    """A server's side of TLS for 127.0.0.1, and the certificate that vouches for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "logs.test")])
    here, now = x509.IPAddress(ipaddress.ip_address("127.0.0.1")), timezone.now()
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    built = built.public_key(key.public_key()).serial_number(x509.random_serial_number())
    built = built.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    built = built.add_extension(x509.SubjectAlternativeName([here]), critical=False)
    built = built.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    certificate = built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    file.write_bytes(certificate + key.private_bytes(serialization.Encoding.PEM, form, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, certificate.decode()


def test_receivers_are_for_administrators(administrator, operator, mallory, signed_in, with_token):
    page, api = "/admin/forwarding/forward/", "/api/v1/audit-receivers/"
    for person in (operator, mallory):
        assert signed_in(person).get(page).status_code == 403
        assert with_token(person).get(api).status_code == 403
        assert with_token(person).post(api, {}, content_type="application/json").status_code == 403
    browser = signed_in(administrator)
    assert "goes nowhere else yet" in browser.get(page).content.decode()
    form = {"name": "siem", "kind": "webhook", "address": "https://s.example/in", "secret": "k-e-y"}
    browser.post(f"{page}add/", {**form, "is_active": "on"})
    forward = Forward.objects.get()
    assert forward.sealed_secret
    shown = browser.get(f"{page}{forward.pk}/change/").content.decode()
    assert "k-e-y" not in shown + browser.get(page).content.decode()
    assert browser.post(f"{page}add/", {**form, "address": "x"}).status_code == 200
    script = with_token(administrator)
    found = script.get(api).json()["results"][0]
    assert (found["name"], found["has_key"]) == ("siem", True)
    assert "k-e-y" not in str(found)
    wish = {"name": "siem", "kind": "syslog-udp", "address": "a:1"}
    assert script.post(api, wish, content_type="application/json").status_code == 409
    wish["name"] = "second"
    made = script.post(api, wish, content_type="application/json")
    assert made.status_code == 201
    changed = script.patch(made["Location"], {"is_active": False}, content_type="application/json")
    assert changed.json()["is_active"] is False
    assert script.delete(made["Location"]).status_code == 204
    assert Forward.objects.count() == 1
