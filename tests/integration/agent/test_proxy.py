"""The agent's door: who gets in, and what is let through to the engine."""

import datetime as dt
import json
import ssl
from pathlib import Path

import pytest

from tests.factories.agent_pki import AGENT, AgentAuthority
from tests.integration.agent.proxy import running_proxy
from tests.lab.host import wait_until
from tests.unit.agent.test_engine_routes import TRICKS

pytestmark = pytest.mark.nginx

HOUR = dt.timedelta(hours=1)
CHUNK = 1 << 20


@pytest.fixture(scope="module")
def running():
    with running_proxy() as proxy:
        yield proxy


@pytest.fixture
def proxy(running):
    running.engine.calls.clear()
    running.engine.more.clear()
    return running


def test_the_controller_reaches_the_engine(proxy):
    status, answer = proxy.ask("GET", "/v1.41/containers/json?all=1")
    assert (status, answer["asked"]) == (200, "/v1.41/containers/json?all=1")


STRANGERS = {
    "no certificate": lambda _: ("", ""),
    "another authority's": lambda _: AgentAuthority().controller(),
    "one of the same name": lambda _: AgentAuthority("DCE test authority").controller(),
    "an expired one": lambda ours: ours.controller(starts=-2 * HOUR, ends=-HOUR),
    "one of tomorrow": lambda ours: ours.controller(starts=24 * HOUR, ends=25 * HOUR),
    "a node's": lambda ours: ours.controller(AGENT),
    "one with a longer name": lambda ours: ours.controller("dce-controller2"),
    "one with the name inside": lambda ours: ours.controller("x,CN=dce-controller"),
    "one with the name first": lambda ours: ours.controller("dce-controller,CN=x"),
}


@pytest.mark.parametrize("stranger", STRANGERS)
@pytest.mark.parametrize("target", ["/containers/json", "/dce/v1/samples", "/dce/v1/certificate"])
def test_nobody_else_gets_in(proxy, stranger, target):
    certificate, key = STRANGERS[stranger](proxy.authority)
    status, answer = proxy.ask("GET", target, certificate=certificate, key=key)
    assert status == 403
    assert "controller" in answer["message"]
    assert not proxy.engine.calls


def test_an_agents_own_certificate_opens_no_other_agent(proxy):
    own, key = (open_file(proxy, name) for name in ("agent.pem", "agent.key"))
    assert proxy.ask("GET", "/info", certificate=own, key=key)[0] == 403


def open_file(proxy, name):
    return Path(proxy.state.folder, name).read_text()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_present_versions_of_tls_are_spoken(proxy, version):
    with proxy.connect(minimum_version=version, maximum_version=version) as connection:
        assert connection.version() == version.name.replace("_", ".")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_older_versions_of_tls_are_not(proxy):
    old = {"minimum_version": ssl.TLSVersion.TLSv1_1, "maximum_version": ssl.TLSVersion.TLSv1_1}
    with pytest.raises(ssl.SSLError):
        proxy.connect(ciphers="ALL:@SECLEVEL=0", **old)


def test_without_tls_a_sentence_is_told(proxy):
    with proxy.connect_plain() as plain:
        plain.sendall(b"GET /info HTTP/1.1\r\nHost: agent\r\n\r\n")
        assert b"HTTPS only" in plain.makefile("rb").read()


def test_what_is_not_on_the_list_is_refused_in_dockers_form(proxy):
    status, answer = proxy.ask("POST", "/v1.41/build?t=x")
    assert status == 403
    assert list(answer) == ["message"]
    assert "list of routes" in answer["message"]
    assert not proxy.engine.calls


@pytest.mark.parametrize("call", [*TRICKS, "POST http://docker/build", "POST *"])
def test_no_trick_with_the_address_gets_around_the_list(proxy, call):
    with proxy.connect() as connection:
        head = f"{call} HTTP/1.1\r\nHost: agent\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode())
        status = connection.makefile("rb").readline().split()[1]
    asked = {made.partition("?")[0] for made in proxy.engine.calls}
    assert status in {b"400", b"403", b"405"} or asked <= {"GET /_ping"}
    assert asked <= {"GET /_ping"}


def test_a_console_is_a_connection_both_ways(proxy):
    with proxy.connect() as connection:
        connection.sendall(
            b"POST /v1.41/exec/4f5e/start HTTP/1.1\r\nHost: agent\r\nContent-Length: 2\r\n"
            b"Content-Type: application/json\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n{}"
        )
        stream = connection.makefile("rb")
        assert stream.readline().split()[1] == b"101"
        while stream.readline().strip():
            pass
        assert stream.read(2) == b"{}"
        for line in (b"ls\n", b"whoami\n"):
            connection.sendall(line)
            assert stream.readline() == line.upper()


def test_events_come_as_they_happen(proxy):
    with proxy.connect() as connection:
        connection.sendall(b"GET /events HTTP/1.1\r\nHost: agent\r\n\r\n")
        stream = connection.makefile("rb")
        while stream.readline().strip():
            pass
        assert stream.readline().strip() == b"6"
        assert stream.readline() == b"first\n"
        proxy.engine.more.set()
        stream.readline()
        assert stream.readline().strip() == b"7"


def test_a_body_that_is_too_large_is_refused(proxy):
    status, answer = proxy.ask("POST", "/containers/create", b"x" * (9 * CHUNK))
    assert status == 413
    assert "larger" in answer["message"]


def test_an_archive_may_be_of_any_size(proxy):
    assert proxy.ask("PUT", "/containers/web/archive?path=/tmp", b"x" * (9 * CHUNK))[0] == 200


def test_an_engine_that_is_gone_is_said_in_dockers_form():
    with running_proxy() as proxy:
        (proxy.folder / "engine.sock").unlink()
        status, answer = proxy.ask("GET", "/info")
        assert status == 502
        assert "does not answer" in answer["message"]
        assert proxy.ask("GET", "/dce/v1/samples")[0] == 200


def test_samples_come_from_the_sampler(proxy):
    status, answer = proxy.ask("GET", "/dce/v1/samples?since=a:1&watch=1")
    assert (status, answer["asked"]) == (200, "/dce/v1/samples?since=a:1&watch=1")
    assert not proxy.engine.calls


def test_an_operator_narrows_it_to_reading():
    with running_proxy(mode="read-only") as proxy:
        assert proxy.ask("GET", "/containers/json")[0] == 200
        for method, target in (("POST", "/containers/x/stop"), ("GET", "/swarm/unlockkey")):
            assert proxy.ask(method, target)[0] == 403


def test_an_operators_own_list_stands_in_place_of_ours():
    with running_proxy(routes="GET /version\n") as proxy:
        assert proxy.ask("GET", "/version")[0] == 200
        assert proxy.ask("GET", "/info")[0] == 403
        assert proxy.ask("GET", "/dce/v1/samples")[0] == 200


def serial(proxy, **client):
    with proxy.connect(**client) as connection:
        return connection.getpeercert()["serialNumber"].lower().lstrip("0")


def test_the_certificate_is_renewed_through_the_door():
    with running_proxy() as proxy:
        _, told = proxy.ask("GET", "/dce/v1/certificate")
        assert told["name"] == AGENT
        assert told["serial_hex"].lstrip("0") == serial(proxy)
        _, asked = proxy.ask("POST", "/dce/v1/certificate/request", b"")
        leaf = proxy.authority.agent(asked["csr_pem"])
        body = {"certificate_pem": leaf, "ca_pem": proxy.authority.certificate_pem}
        assert proxy.ask("PUT", "/dce/v1/certificate", body) == (204, None)
        _, renewed = proxy.ask("GET", "/dce/v1/certificate")
        assert renewed["serial_hex"] != told["serial_hex"]
        wait_until(
            lambda: serial(proxy) == renewed["serial_hex"].lstrip("0"),
            what="the new certificate to be shown",
            timeout_s=30,
        )


def test_the_authority_is_rotated_with_an_overlap():
    with running_proxy() as proxy:
        incoming = AgentAuthority("incoming")
        certificate, key = incoming.controller()
        new = {"certificate": certificate, "key": key}
        assert proxy.ask("GET", "/info", **new)[0] == 403
        both = proxy.authority.certificate_pem + incoming.certificate_pem
        assert proxy.ask("PUT", "/dce/v1/ca", {"ca_pem": both})[0] == 204
        wait_until(
            lambda: proxy.ask("GET", "/info", **new)[0] == 200,
            what="the new controller to be let in",
            timeout_s=30,
        )
        status, answer = proxy.ask("PUT", "/dce/v1/ca", {"ca_pem": incoming.certificate_pem})
        assert status == 422
        assert "controller's own certificate" in answer["error"]
        last = {"ca_pem": incoming.certificate_pem}
        # A worker of before the reload may take a connection yet.
        wait_until(
            lambda: proxy.ask("PUT", "/dce/v1/ca", last, **new)[0] == 204,
            what="the old authority to be dropped",
            timeout_s=30,
        )
        wait_until(
            lambda: proxy.ask("GET", "/info")[0] == 403,
            what="the old controller to be refused",
            timeout_s=30,
        )


@pytest.mark.parametrize(
    ("method", "target", "body", "expected"),
    [
        ("PUT", "/dce/v1/certificate", b"garbage", 422),
        ("PUT", "/dce/v1/certificate", b"[" * 60_000, 422),
        ("PUT", "/dce/v1/certificate", b"[1]", 422),
        ("PUT", "/dce/v1/certificate", b"", 422),
        ("PUT", "/dce/v1/certificate", {"certificate_pem": 1, "ca_pem": "x"}, 422),
        ("PUT", "/dce/v1/certificate", {"certificate_pem": "x"}, 422),
        ("PUT", "/dce/v1/ca", {"ca_pem": "x"}, 422),
        ("PUT", "/dce/v1/ca", b"x" * (65 << 10), 413),
        ("PUT", "/dce/v1/ca/more", {"ca_pem": "x"}, 404),
        ("GET", "/dce/v1/ca", None, 404),
        ("POST", "/dce/v1/certificate", b"", 404),
        ("DELETE", "/dce/v1/certificate", None, 501),
    ],
)
def test_the_keeper_withstands_nonsense(proxy, method, target, body, expected):
    before = open_file(proxy, "agent.pem")
    status, text = proxy.ask_raw(method, target, body)
    assert status == expected
    assert expected == 501 or json.loads(text)
    assert open_file(proxy, "agent.pem") == before
