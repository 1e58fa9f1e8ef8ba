"""Stand-in agents of the benchmark before a running portal, which trusts them by its own CA."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from dce_portal.authority.certificates import (
    SERVER_AUTH,
    Wish,
    certificate_pem,
    key_pem,
    leaf_certificate,
    new_key,
)
from dce_portal.authority.files import AuthorityFiles
from tests.free_port import free_port
from tests.plugins.portal import CHECKOUT, Portal, portal_environ

SERVER_NAME = "agent-000000000000.dce"
END_TIMEOUT_S = 10
SEED = """
from apps.nodes.models import EngineEndpoint
EngineEndpoint.objects.bulk_create(
    EngineEndpoint(kind="agent", url=url, server_name={name!r}) for url in {urls!r})
"""


@contextmanager
def standin_agents(
    portal: Portal, folder: Path, *, count: int, containers: int, **settings: str
) -> Iterator[None]:
    """So many agents that answer, known to the portal."""
    folder.mkdir(parents=True, exist_ok=True)
    _certify(portal, folder)
    port = free_port(count=2)  # the second is where they tell what they were asked
    numbers = map(str, (count, containers, port))
    command = [sys.executable, "-m", "bench.agents", str(folder), *numbers]
    agents = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE)
    try:
        assert agents.stdout is not None
        assert agents.stdout.readline() == b"ready\n"
        hosts = [f"127.77.{n // 250}.{n % 250 + 1}" for n in range(count)]
        urls = [f"tcp://{host}:{port}" for host in hosts]
        in_portal(portal, SEED.format(name=SERVER_NAME, urls=urls), **settings)
        yield
    finally:
        agents.terminate()
        agents.wait(timeout=END_TIMEOUT_S)
        if agents.stdout is not None:
            agents.stdout.close()


def in_portal(portal: Portal, code: str, **settings: str) -> str:
    """What a piece of code prints, run with the portal's own settings."""
    environ = portal_environ(data=portal.data, port=portal.port, **settings)
    environ["DJANGO_SETTINGS_MODULE"] = "dce_portal.settings.base"
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", code]
    done = subprocess.run(command, env=environ, cwd=CHECKOUT, check=True, stdout=subprocess.PIPE)
    return done.stdout.decode()


def _certify(portal: Portal, folder: Path) -> None:
    authority = AuthorityFiles(portal.authority.parent)
    key, wish = new_key(), Wish(SERVER_NAME, (SERVER_NAME,), SERVER_AUTH, 1)
    certificate = leaf_certificate(
        wish, public_key=key.public_key(), by=authority.current(), now=datetime.now(UTC)
    )
    (folder / "server.pem").write_bytes(key_pem(key) + certificate_pem(certificate))
    (folder / "ca.pem").write_bytes(portal.authority.read_bytes())
