"""The whole portal on this machine: it starts, heals, ends, and refuses with one sentence."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from dce_portal.paths import Paths
from tests.lab.host import HostProcess, wait_until
from tests.plugins.portal import (
    Portal,
    answers,
    call_launcher,
    free_port,
    portal_environ,
    started_portal,
)

pytestmark = pytest.mark.portal

PROGRAMS = ("beat", "nginx", "poll", "redis", "registry", "stream", "web", "worker")


@pytest.fixture(scope="module")
def awkward_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a space, a semicolon and more than 107 bytes."""
    folder = tmp_path_factory.mktemp("a portal ;of mine") / ("long " * 20) / "var"
    folder.parent.mkdir()
    assert len(str(folder)) > 107
    return folder


@pytest.fixture(scope="module")
def awkward_portal(
    awkward_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Portal]:
    """A portal over that folder, started from another folder."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    with started_portal(awkward_data, cwd=elsewhere, is_prepared=False) as portal:
        yield portal


def process_ids(portal: Portal) -> dict[str, int]:
    """The running programs as `make status` shows them."""
    lines = portal.launcher("status").stdout.splitlines()
    found = (re.match(r"(\w+) +RUNNING +pid (\d+)", line) for line in lines)
    return {match[1]: int(match[2]) for match in found if match}


def get(url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body, whatever the status."""
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, dict(response.headers), response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


def test_login_page_and_status(awkward_portal: Portal) -> None:
    """A path with a space and over 107 bytes, called from another folder."""
    assert answers(f"{awkward_portal.base_url}/admin/login/")
    wait_until(
        lambda: sorted(process_ids(awkward_portal)) == list(PROGRAMS),
        what="every program to run",
        timeout_s=60,
    )
    assert awkward_portal.launcher("status").returncode == 0


def test_static_files_are_served(awkward_portal: Portal) -> None:
    """nginx finds them behind the awkward path."""
    assert answers(f"{awkward_portal.base_url}/static/unfold/css/styles.css")


def test_readyz_names_every_dependency(awkward_portal: Portal) -> None:
    """All are there within the time of a few heartbeats."""
    url = f"{awkward_portal.base_url}/readyz"
    wait_until(lambda: answers(url), what="/readyz to be ok", timeout_s=60)
    body = json.loads(get(url)[2])
    expected = {"database", "redis", "registry", "stream", "worker", "poll", "beat"}
    assert set(body["dependencies"]) == expected
    assert body["status"] == "ok"


def test_a_body_that_is_too_big_is_refused(awkward_portal: Portal) -> None:
    """413 at once; layers go another way."""
    request = urllib.request.Request(awkward_portal.base_url, headers={"Content-Length": "3000000"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=30)
    with caught.value as error:
        assert error.code == 413


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_challenge_names_the_portal_as_the_client_did(awkward_portal: Portal, host: str) -> None:
    """One portal under several names."""
    origin = f"http://{host}:{awkward_portal.port}"
    status, headers, _ = get(f"{origin}/v2/")
    assert status == 401
    expected = f'Bearer realm="{origin}/auth/token",service="dce-registry"'
    assert headers["WWW-Authenticate"] == expected


def test_spoofed_proxy_headers_change_nothing(awkward_portal: Portal) -> None:
    """X-Forwarded-Proto of an untrusted sender is not believed."""
    _, headers, _ = get(f"{awkward_portal.base_url}/v2/", **{"X-Forwarded-Proto": "https"})
    assert 'realm="http://' in headers["WWW-Authenticate"]


def test_mallory_behind_a_proxy_does_not_reach_internal_addresses(awkward_portal: Portal) -> None:
    """The registry never sends X-Forwarded-For; a proxy on this machine does."""
    url = f"{awkward_portal.base_url}/internal/registry/events"
    assert get(url, **{"X-Forwarded-For": "192.0.2.7"})[0] == 403


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_killed_process_is_healed(awkward_portal: Portal, program: str) -> None:
    """kill -9 of the master; what it leaves behind is ended, too."""
    old = process_ids(awkward_portal)[program]
    os.kill(old, signal.SIGKILL)
    wait_until(
        lambda: process_ids(awkward_portal).get(program, old) != old,
        what=f"{program} to run again",
        timeout_s=60,
    )
    wait_until(
        lambda: answers(f"{awkward_portal.base_url}/readyz"),
        what="/readyz to be ok",
        timeout_s=60,
    )
    assert not members_of_group(old)


def test_a_killed_redis_comes_back_with_what_it_had(awkward_portal: Portal) -> None:
    """Queues and locks are on disk before the answer."""
    path = str(Paths(awkward_portal.data).socket("redis"))
    with redis.Redis(unix_socket_path=path) as client:
        client.set("dce:test:kept", "yes")
        old = process_ids(awkward_portal)["redis"]
        os.kill(old, signal.SIGKILL)
        wait_until(
            lambda: process_ids(awkward_portal).get("redis", old) != old,
            what="redis to run again",
            timeout_s=60,
        )
        assert client.get("dce:test:kept") == b"yes"


def members_of_group(group: int) -> list[int]:
    """Living processes that a killed master left; a zombie holds nothing."""
    command = ["ps", "-eo", "pid=,pgid=,stat="]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = (line.split() for line in listed.stdout.splitlines())
    return [int(pid) for pid, own, state in rows if int(own) == group and state[0] != "Z"]


def test_second_start_over_the_same_data_is_refused(awkward_portal: Portal) -> None:
    """One sentence, and the first goes on."""
    environ = portal_environ(data=awkward_portal.data, port=free_port())
    result = call_launcher("run", environ)
    assert result.returncode == 1
    assert result.stderr.startswith("A portal is running with ")
    assert result.stderr.count("\n") == 1


def test_keys_are_private_and_not_in_logs(awkward_portal: Portal) -> None:
    """0600 in a 0700 folder; the registry prints its headers at a lower level than ours."""
    secrets = awkward_portal.data / "secrets"
    assert secrets.stat().st_mode & 0o777 == 0o700
    keys = [path for path in secrets.iterdir() if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}
    logs = b"".join(path.read_bytes() for path in (awkward_portal.data / "log").iterdir())
    assert not [path.name for path in keys if path.read_bytes().strip() in logs]


def test_two_portals_side_by_side_and_term_ends_everything(
    awkward_portal: Portal, tmp_path: Path
) -> None:
    """TERM ends the second within ten seconds; the first does not notice."""
    with started_portal(tmp_path / "var") as second:
        assert answers(f"{awkward_portal.base_url}/livez")
        everything = _descendants(HostProcess.of(second.process.pid))
        assert len(everything) > len(PROGRAMS)
        started = time.monotonic()
        second.process.send_signal(signal.SIGTERM)
        second.process.wait(timeout=15)
        wait_until(
            lambda: not any(process.alive for process in everything),
            what="every process to end",
            timeout_s=5,
        )
        assert time.monotonic() - started < 10
    assert answers(f"{awkward_portal.base_url}/livez")
    assert second.launcher("status").returncode != 0


def _descendants(process: HostProcess | None) -> list[HostProcess]:
    children = process.children() if process else []
    return [*children, *(one for child in children for one in _descendants(child))]


def test_status_without_a_portal_is_one_sentence(tmp_path: Path) -> None:
    """Non-zero, and how to start one."""
    result = call_launcher("status", portal_environ(data=tmp_path / "var", port=free_port()))
    assert result.returncode == 1
    assert result.stderr == f"No portal runs with {tmp_path}/var; start it with `make run`.\n"


def test_taken_port_is_one_sentence(tmp_path: Path) -> None:
    """Another program listens there."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = call_launcher("run", portal_environ(data=tmp_path / "var", port=port))
    assert result.returncode == 1
    assert result.stderr.startswith(f"Port {port} on 127.0.0.1 is already taken")


def test_taken_https_port_is_one_sentence(tmp_path: Path) -> None:
    """The second listener is looked at as well."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        environ = portal_environ(data=tmp_path / "var", port=free_port(), https_port=taken)
        result = call_launcher("run", environ)
    assert result.returncode == 1
    assert result.stderr.startswith(f"Port {taken} on 127.0.0.1 is already taken")
    assert "DCE_HTTPS_PORT" in result.stderr


def test_a_wrong_certificate_is_one_sentence(tmp_path: Path) -> None:
    """Nothing is started with a pair that nginx could not serve."""
    for name in ("own.pem", "own.key"):
        (tmp_path / name).write_text("garbage")
    pair = {"DCE_TLS_CERT": str(tmp_path / "own.pem"), "DCE_TLS_KEY": str(tmp_path / "own.key")}
    environ = portal_environ(data=tmp_path / "var", port=free_port(), https_port=free_port())
    result = call_launcher("run", environ | pair)
    assert result.returncode == 1
    assert "holds no certificate in PEM form" in result.stderr
    assert result.stderr.count("\n") == 1


def test_wrong_value_is_one_sentence(tmp_path: Path) -> None:
    """Exit code 2."""
    environ = portal_environ(data=tmp_path / "var", port=1) | {"DCE_HTTP_PORT": "eighty"}
    result = call_launcher("run", environ)
    assert result.returncode == 2
    expected = "DCE_HTTP_PORT is 'eighty', but it must be a whole number from 1 to 65535.\n"
    assert result.stderr == expected


def test_missing_program_is_one_sentence(tmp_path: Path) -> None:
    """Names the package; every search folder is replaced by an empty one."""
    environ = portal_environ(data=tmp_path / "var", port=free_port())
    hidden = ("unshare", "--mount", "sh", "-c")
    hide = 'mount --bind /dev/null "$(command -v docker-registry)" && exec "$@"'
    if os.geteuid() != 0:
        pytest.skip("hiding a program needs root")
    result = call_launcher("run", environ, prefix=(*hidden, hide, "sh"))
    assert result.returncode == 1
    expected = "docker-registry cannot be found; install it with: apt-get install docker-registry\n"
    assert result.stderr == expected


def test_unwritable_data_is_one_sentence() -> None:
    """As a user who may not write there."""
    environ = portal_environ(data=Path("/proc/dce"), port=free_port())
    result = call_launcher("run", environ)
    assert result.returncode == 1
    assert result.stderr.startswith("The portal cannot write to /proc/dce (")
    assert result.stderr.count("\n") == 1
