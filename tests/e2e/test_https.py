"""The HTTPS listener as browsers, skopeo and curl use it, with the portal's CA as their only trust."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import pytest
import requests
from cryptography import x509

from dce_portal.authority.certificates import key_pin
from tests.e2e.docker_clients import Skopeo
from tests.e2e.site import Site, plain_session, send_task
from tests.lab import images
from tests.lab.host import wait_until
from tests.plugins.portal import PASSWORD

pytestmark = [pytest.mark.portal, pytest.mark.lab]
TIMEOUT_S = 30


def served(site: Site) -> x509.Certificate:
    """The certificate that the listener shows."""
    pem = ssl.get_server_certificate(("127.0.0.1", site.portal.https_port), timeout=TIMEOUT_S)
    return x509.load_pem_x509_certificate(pem.encode())


@pytest.mark.registry
@pytest.mark.clients
def test_skopeo_pushes_and_pulls_over_tls(site: Site, tmp_path: Path) -> None:
    """With the CA where docker has it (certs.d); without it, the portal is not believed."""
    authorities = tmp_path / "certs.d"
    authorities.mkdir()
    (authorities / "ca.crt").write_bytes(site.portal.authority.read_bytes())
    archive = tmp_path / "busybox.tar"
    archive.write_bytes(images.archive(images.BUSYBOX_IMAGE)[1])
    host, skopeo = f"127.0.0.1:{site.portal.https_port}", Skopeo(tmp_path)
    login = ("login", "-u", "alice", "--password-stdin", host)
    image, trust = f"docker://{host}/team/tls:1", ("--cert-dir", str(authorities))

    refused = skopeo.run(*login, stdin=site.tokens["alice"])
    assert not refused.ok
    assert "unknown authority" in refused.text
    skopeo.must(*login, *trust, stdin=site.tokens["alice"])
    skopeo.must("copy", "--dest-cert-dir", str(authorities), f"docker-archive:{archive}", image)
    pulled = tmp_path / "pulled.tar"
    skopeo.must("copy", "--src-cert-dir", str(authorities), image, f"docker-archive:{pulled}")
    assert pulled.stat().st_size > 0
    challenge = plain_get(site, "/v2/").headers["WWW-Authenticate"]
    assert f'realm="https://{host}/auth/token"' in challenge


def test_pages_over_tls(site: Site) -> None:
    """Signing in works, with cookies that stay on TLS; the same listener speaks HTTP/2."""
    with plain_session() as session:
        session.verify = str(site.portal.authority)
        url = f"{site.portal.https_url}/admin/login/"
        session.get(url, timeout=TIMEOUT_S).raise_for_status()
        form = {"username": "alice", "password": PASSWORD}
        form["csrfmiddlewaretoken"] = session.cookies["dce_csrf"]
        session.post(url, data=form, headers={"Referer": url}, timeout=TIMEOUT_S)
        assert {cookie.name: cookie.secure for cookie in session.cookies} == {
            "dce_csrf": True,
            "dce_session": True,
        }
    assert negotiated(site) == "h2"


def test_a_pinned_key_needs_no_ca(site: Site) -> None:
    """How a join line's first contact is authenticated."""
    curl = ("curl", "-sS", "--max-time", str(TIMEOUT_S), "--noproxy", "*", "-o", "/dev/null", "-k")
    livez = f"{site.portal.https_url}/livez"
    right = ("--pinnedpubkey", f"sha256//{key_pin(served(site))}")
    wrong = ("--pinnedpubkey", f"sha256//{'A' * 43}=")
    assert subprocess.run([*curl, *right, livez]).returncode == 0
    assert subprocess.run([*curl, *wrong, livez]).returncode == 90


def test_a_renewed_certificate_is_served_without_a_restart(site: Site) -> None:
    """nginx is told by a signal; the pin and the processes stay."""
    before, nginx = served(site), site.process_ids()["nginx"]
    (site.portal.authority.parent / "server.pem").unlink()
    send_task(site, "dce_portal.tasks.renew_own_certificates")
    wait_until(
        lambda: served(site).serial_number != before.serial_number,
        what="the new certificate to be served",
        timeout_s=60,
    )
    assert key_pin(served(site)) == key_pin(before)
    assert site.process_ids()["nginx"] == nginx
    assert plain_get(site, "/livez").status_code == 200


def negotiated(site: Site) -> str | None:
    """The protocol that a browser would speak."""
    command = ["openssl", "s_client", "-alpn", "h2,http/1.1", "-connect"]
    address = f"127.0.0.1:{site.portal.https_port}"
    done = subprocess.run([*command, address], input=b"", capture_output=True, timeout=TIMEOUT_S)
    # What the server says first may come out among the words, and is no text.
    said = done.stdout.decode(errors="replace").splitlines()
    found = [line for line in said if line.startswith("ALPN")]
    return found[0].rpartition(" ")[2] if found else None


def plain_get(site: Site, path: str) -> requests.Response:
    """One answer over TLS."""
    with plain_session() as session:
        address = f"{site.portal.https_url}{path}"
        return session.get(address, verify=str(site.portal.authority), timeout=TIMEOUT_S)
