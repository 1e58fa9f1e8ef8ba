"""The agent's registration against a real etcd, as a program of its own like in the container."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.free_port import free_port
from tests.lab.host import wait_until

pytestmark = pytest.mark.etcd

SOURCE = Path(__file__).resolve().parents[3] / "agent"
NODE = "10.0.0.9:12376"
TIMEOUT_S = 60


def key_of(server, prefix=""):
    """The node's key as etcd has it, nothing where there is none."""
    with requests.Session() as session:
        session.trust_env = False
        url = f"{server.url}/v2/keys{prefix}/docker/swarm/nodes/{NODE}"
        return session.get(url, timeout=10).json().get("node", {})


@pytest.fixture
def registered(etcd_server):
    """The program, which finds its first member dead and its second alive."""
    dead = f"127.0.0.1:{free_port()}"
    discovery = f"etcd://{dead},127.0.0.1:{etcd_server.port}/dce"
    said = {"DCE_AGENT_DISCOVERY": discovery, "DCE_AGENT_ADVERTISE": NODE}
    environ = {**os.environ, **said, "PYTHONPATH": str(SOURCE)}
    command = ("setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "dce_agent.registration")
    process = subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.wait()
    process.stderr.close()


def test_a_node_is_named_by_the_member_that_answers_and_leaves_no_key_behind(
    etcd_server, registered
):
    wait_until(lambda: key_of(etcd_server, "/dce"), what="the node's key", timeout_s=TIMEOUT_S)
    key = key_of(etcd_server, "/dce")
    assert key["value"] == NODE
    assert 100 < key["ttl"] <= 180
    assert registered.stderr.readline() == "This node is named in etcd.\n"
    registered.send_signal(signal.SIGTERM)
    assert registered.wait(TIMEOUT_S) == 0
    assert not key_of(etcd_server, "/dce")
