"""One suite over the fake and the real notifier, which sends to real servers on loopback."""

from __future__ import annotations

import hashlib
import hmac
import json
import time

import pytest

from apps.alerts.adapters.fake import FakeNotifier
from apps.alerts.adapters.notifier import START_LIMIT_S, ProcessNotifier
from apps.alerts.ports.notifier import APPRISE, WEBHOOK, Address, Message
from dce_portal.secret import Secret
from tests.standins.receivers import http_receiver, mail_server

TIME_LIMIT_S = 20.0
# Whoever is known to hang need not be waited for as long.
SHORT_LIMIT_S = 3.0
MESSAGE = Message(
    title="2 alerts in stack shop",
    text="memory of shop_web 94 % of 2 GiB\n▁▂▃▅▇",
    severity="critical",
    facts={"title": "2 alerts in stack shop", "alerts": [{"rule": "内存"}]},
    picture=b"\x89PNG\r\n\x1a\n" + b"\0" * 16,
    delivery_id="7f",
)


class RealTargets:
    """Targets on loopback, and the notifier that may reach them."""

    def __init__(self, receiver):
        self.receiver = receiver
        self.notifier = ProcessNotifier(allow_private=True, time_limit_s=TIME_LIMIT_S)
        self.hurried = ProcessNotifier(allow_private=True, time_limit_s=SHORT_LIMIT_S)

    def url(self, behaviour):
        # Port 9 is `discard`, where nobody listens.
        return "http://127.0.0.1:9/x" if behaviour == "nobody" else self.receiver.url(behaviour)

    def bodies(self):
        return [request.json for request in self.receiver.requests]

    def pinged(self):
        return [request.path for request in self.receiver.requests if request.method == "GET"]


class FakeTargets:
    """The fake is its own target."""

    def __init__(self):
        self.notifier = self.hurried = FakeNotifier()

    def url(self, behaviour):
        return f"http://fake.test/{behaviour}"

    def bodies(self):
        return [dict(message.facts) for _address, message in self.notifier.arrived]

    def pinged(self):
        return ["/ok" for _url in self.notifier.pings]


@pytest.fixture(scope="module")
def receiver():
    with http_receiver() as found:
        yield found


@pytest.fixture(params=["fake", "real"])
def targets(request):
    if request.param == "fake":
        return FakeTargets()
    receiver = request.getfixturevalue("receiver")
    receiver.requests.clear()
    return RealTargets(receiver)


def webhook(targets, behaviour, **facts):
    return Address(WEBHOOK, Secret(targets.url(behaviour)), **facts)


def test_a_target_that_answers_has_the_message(targets):
    receipt = targets.notifier.send(webhook(targets, "ok"), MESSAGE)

    assert (receipt.is_ok, receipt.status) == (True, 200)
    assert targets.bodies() == [{"title": "2 alerts in stack shop", "alerts": [{"rule": "内存"}]}]


@pytest.mark.parametrize(
    ("behaviour", "problem", "status", "retry_after_s", "is_permanent"),
    [
        ("broken", "status", 500, None, False),
        ("busy", "status", 429, 17, False),
        ("gone", "status", 404, None, True),
        ("moved", "redirect", 302, None, True),
        ("close", "closed", None, None, False),
        ("half", "closed", None, None, False),
        ("nobody", "connect", None, None, False),
    ],
)
def test_a_receipt_says_what_went_wrong_and_whether_to_try_again(
    targets, behaviour, problem, status, retry_after_s, is_permanent
):
    receipt = targets.notifier.send(webhook(targets, behaviour), MESSAGE)

    told = (receipt.problem, receipt.status, receipt.retry_after_s, receipt.is_permanent)
    assert told == (problem, status, retry_after_s, is_permanent)


@pytest.mark.parametrize("behaviour", ["hang", "drip"])
def test_a_target_that_hangs_costs_no_more_than_the_time_limit(targets, behaviour):
    begun = time.monotonic()

    receipt = targets.hurried.send(webhook(targets, behaviour), MESSAGE)

    # A machine that is busy with other things takes longer to start the sender.
    assert time.monotonic() - begun < SHORT_LIMIT_S + START_LIMIT_S
    assert (receipt.problem, receipt.is_permanent) == ("timeout", False)


def test_a_heartbeat_is_a_bare_get(targets):
    assert targets.notifier.ping(Secret(targets.url("ok"))).is_ok
    assert targets.pinged() == ["/ok"]
    assert targets.notifier.ping(Secret(targets.url("broken"))).status == 500


def test_an_address_is_judged_without_asking_anybody(targets):
    assert targets.notifier.check(webhook(targets, "ok")).is_ok

    receipt = targets.notifier.check(Address(APPRISE, Secret("nonsense://who/knows")))

    assert (receipt.problem, receipt.is_permanent) == ("invalid", True)
    assert targets.bodies() == []


# What only the real one does.


@pytest.fixture
def real(receiver):
    receiver.requests.clear()
    return RealTargets(receiver)


def test_a_webhook_is_signed_over_its_moment_and_body(real):
    real.notifier.send(webhook(real, "ok", key=Secret("shared key")), MESSAGE)

    (request,) = real.receiver.requests
    moment = request.headers["X-DCE-Timestamp"]
    digest = hmac.new(b"shared key", moment.encode() + b"." + request.body, hashlib.sha256)
    assert request.headers["X-DCE-Signature"] == f"sha256={digest.hexdigest()}"
    assert abs(int(moment) - time.time()) < 60
    assert request.headers["X-DCE-Delivery"] == "7f"


def test_a_redirect_is_not_followed(real):
    real.notifier.send(webhook(real, "moved"), MESSAGE)

    assert [request.path for request in real.receiver.requests] == ["/moved"]


def test_apprise_is_asked_the_same_way(real):
    address = real.receiver.url("ok", scheme="json")

    receipt = real.notifier.send(Address(APPRISE, Secret(address)), MESSAGE)

    (request,) = real.receiver.requests
    assert receipt.is_ok
    assert request.json["title"] == "2 alerts in stack shop"
    assert "▁▂▃▅▇" in request.json["message"]
    assert request.json["type"] == "failure"
    assert request.json["attachments"][0]["filename"] == "usage.png"


@pytest.mark.parametrize(
    ("behaviour", "problem", "status"),
    [
        ("broken", "status", 500),
        ("busy", "status", 429),
        ("moved", "redirect", 302),
        ("close", "closed", None),
    ],
)
def test_apprise_says_as_precisely_what_went_wrong(real, behaviour, problem, status):
    address = Address(
        APPRISE, Secret(real.receiver.url(behaviour, scheme="json") + "?redirect=yes")
    )

    receipt = real.notifier.send(address, MESSAGE)

    assert (receipt.problem, receipt.status) == (problem, status)
    assert len(real.receiver.requests) == 1


def test_apprise_costs_no_more_than_the_time_limit_either(real):
    address = Address(APPRISE, Secret(real.receiver.url("hang", scheme="json") + "?rto=50"))

    assert real.hurried.send(address, MESSAGE).problem == "timeout"


def test_mail_arrives_with_its_picture(real):
    with mail_server() as mailbox:
        url = f"mailto://127.0.0.1:{mailbox.port}/?from=portal@example.test&to=ops@example.test"
        receipt = real.notifier.send(Address(APPRISE, Secret(url)), MESSAGE)

    assert receipt.is_ok
    (mail,) = mailbox.mails
    assert mail["subject"] == "2 alerts in stack shop"
    assert mail["to"] == "ops@example.test"
    parts = {part.get_content_type(): part for part in mail.walk()}
    assert "▁▂▃▅▇" in parts["text/plain"].get_content()
    assert parts["image/png"].get_content() == MESSAGE.picture


@pytest.mark.parametrize(
    ("host", "status", "is_permanent"), [("full", 452, False), ("unknown", 550, True)]
)
def test_what_a_mail_server_refuses_is_told_in_its_words(real, host, status, is_permanent):
    with mail_server() as mailbox:
        url = f"mailto://127.0.0.1:{mailbox.port}/?from=portal@example.test&to=ops@{host}.test"
        receipt = real.notifier.send(Address(APPRISE, Secret(url)), MESSAGE)

    assert (receipt.problem, receipt.status, receipt.is_permanent) == ("mail", status, is_permanent)
    assert receipt.detail


@pytest.mark.parametrize("scheme", ["webhook", "apprise"])
def test_private_addresses_are_closed_unless_the_operator_opens_them(real, scheme):
    closed = ProcessNotifier(time_limit_s=TIME_LIMIT_S)
    url = real.receiver.url("ok", scheme="http" if scheme == "webhook" else "json")

    receipt = closed.send(Address(scheme, Secret(url)), MESSAGE)

    assert (receipt.problem, receipt.detail, receipt.is_permanent) == ("address", "127.0.0.1", True)
    assert real.receiver.requests == []


@pytest.mark.parametrize("host", ["169.254.169.254", "100.100.100.200", "0.0.0.0", "[fe80::1]"])
def test_metadata_of_clouds_is_closed_even_then(real, host):
    receipt = real.notifier.send(Address(WEBHOOK, Secret(f"http://{host}/ok")), MESSAGE)

    assert (receipt.problem, receipt.is_permanent) == ("address", True)


def test_files_of_this_machine_are_none_of_a_messages_business(real, tmp_path):
    stolen = tmp_path / "template.json"
    stolen.write_text('{"type": "message", "text": "the portal\'s own secret"}')
    token = f"{'a' * 8}-1111-1111-1111-{'1' * 12}"
    url = f"msteams://{token}@{token}/{'a' * 32}/{token}/?template={stolen}"

    receipt = real.notifier.send(Address(APPRISE, Secret(url)), MESSAGE)

    assert not receipt.is_ok


@pytest.mark.parametrize(
    "url", ["syslog://", "dbus://", "gnome://", "file:///etc/passwd", "http+unix://x"]
)
def test_services_of_this_machine_are_no_targets(real, url):
    assert real.notifier.check(Address(APPRISE, Secret(url))).problem == "invalid"
    assert real.notifier.send(Address(APPRISE, Secret(url)), MESSAGE).problem == "invalid"


def test_no_part_of_a_secret_address_is_in_a_receipt(real):
    with mail_server() as mailbox:
        url = f"mailto://postmaster:hunter2hunter2@127.0.0.1:{mailbox.port}/?from=portal@example.test&to=somebody@unknown.test"
        receipt = real.notifier.send(Address(APPRISE, Secret(url)), MESSAGE)

    assert not receipt.is_ok
    assert "hunter2" not in json.dumps([receipt.problem, receipt.detail])
