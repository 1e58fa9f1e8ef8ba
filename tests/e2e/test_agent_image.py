"""The agent's image, built from its Dockerfile, on a real engine with Docker's own client before it."""

import asyncio
import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from apps.nodes.adapters.engine.console import EngineConsoles
from apps.nodes.adapters.engine.logs import EngineLogs
from apps.nodes.ports import EngineAddress, TlsFiles
from apps.nodes.ports.streams import ConsoleWish, LogKind, LogQuery, LogSource, NotLetThrough
from tests.e2e.agent_container import NAME, PORT, agent_on
from tests.factories.agent_pki import AGENT
from tests.lab.host import wait_until
from tests.lab.images import BUSYBOX_IMAGE

pytestmark = pytest.mark.lab

LARGEST_IMAGE_BYTES = 90_000_000
LARGEST_MEMORY_BYTES = 96 << 20
SECOND_PORT = 19201
TICKER = "echo first; while [ ! -e /go ]; do sleep 0.2; done; echo second; sleep 600"


@pytest.fixture(scope="module")
def agent(lone_engine, agent_image):
    with agent_on(lone_engine, agent_image) as agent:
        yield agent


@contextlib.contextmanager
def opened(agent, *arguments):
    process = agent.open(*arguments)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)
        process.stdin.close()
        process.stdout.close()


def test_the_image_is_small_and_says_what_it_is(agent):
    about = agent.engine.api.get(f"/images/{agent.image.reference}/json")
    assert about["Size"] <= LARGEST_IMAGE_BYTES
    labels = about["Config"]["Labels"]
    told = agent.local("run", "--rm", agent.image.reference, "version").strip()
    assert labels["org.opencontainers.image.version"] == told


def test_dockers_client_works_through_it(agent):
    listed = agent.through("ps", "--format", "{{.Names}}")
    assert listed.stdout.split() == [NAME], listed.stderr
    with opened(agent, "events", "--format", "{{.Action}} {{.Actor.Attributes.name}}") as events:
        made = agent.through("run", "-d", "--name", "ticker", BUSYBOX_IMAGE, "sh", "-c", TICKER)
        assert made.returncode == 0, made.stderr
        wait_until_line(events, "start ticker")
    with opened(agent, "logs", "-f", "ticker") as logs:
        assert logs.stdout.readline() == "first\n"
        with opened(agent, "exec", "-i", "ticker", "sh") as console:
            console.stdin.write("echo $((6*7))\n")
            assert console.stdout.readline() == "42\n"
            console.stdin.write("echo >/go\n")
            assert logs.stdout.readline() == "second\n"
    assert agent.through("rm", "-f", "ticker").returncode == 0


def address_of(agent, port=PORT):
    """The agent as the portal reaches it."""
    folder = agent.environment["DOCKER_CERT_PATH"]
    files = {name: f"{folder}/{name}.pem" for name in ("ca", "cert", "key")}
    url = f"tcp://{agent.engine.address}:{port}"
    return EngineAddress(url, tls=TlsFiles(**files), server_name=AGENT)


async def test_the_portals_logs_and_consoles_pass_through_it(agent):
    made = agent.through("run", "-d", BUSYBOX_IMAGE, "sh", "-c", "echo first; exec sleep 600")
    container = made.stdout.strip()
    logs, consoles = EngineLogs([address_of(agent)]), EngineConsoles([address_of(agent)])
    async with asyncio.timeout(60):
        console = await consoles.open(ConsoleWish(container, ["sh"], columns=90, rows=30))
        await console.write(b"busybox stty size; echo a''b >/proc/1/fd/1\r")
        shown = b""
        while b"30 90" not in shown:
            shown += await console.read()
        found = []
        source = LogSource(LogKind.CONTAINER, container)
        async for lines in logs.read(source, LogQuery(follow=True)):
            found += [line.text for line in lines]
            if found == ["first", "ab"]:
                break
        # Output that comes long after the last key is not lost: the console keeps its own half open.
        await console.write(b"exec sh -c 'sleep 1; echo la''te; exit 5'\r")
        shown = b""
        while data := await console.read():
            shown += data
        assert b"late" in shown
        assert await console.exit_code() == 5
        await console.close()
    await logs.close()
    await consoles.close()
    agent.through("rm", "-f", container)
    assert agent.get("/dce/v1/samples")["node"]["lets_consoles_through"] is True


def test_a_client_that_closes_its_half_loses_what_comes_later(agent):
    """What nginx cannot: docs/agent.md says so, and the portal's console does not close its half."""
    made = agent.through("run", "-d", BUSYBOX_IMAGE, "sh", "-c", "exec sleep 600")
    container = made.stdout.strip()
    late = ("exec", "-i", container, "sh", "-c", "cat; sleep 2; echo late")
    assert agent.local(*late, given="typed") == "typedlate\n"
    assert "late" not in agent.through(*late).stdout
    agent.through("rm", "-f", container)


def wait_until_line(process, line):
    for found in process.stdout:
        if found.strip() == line:
            return
    raise AssertionError(f"{line!r} never came")


def test_what_is_not_on_the_list_is_refused(agent):
    refused = agent.through("save", BUSYBOX_IMAGE)
    assert refused.returncode
    assert "list of routes" in refused.stderr


def test_sampler_and_keeper_answer_beside_the_engine(agent):
    wait_until(
        lambda: agent.get("/dce/v1/samples")["engine"]["answers"],
        what="the sampler to know the engine",
        timeout_s=60,
    )
    answer = agent.get("/dce/v1/samples")
    assert answer["node"]["hostname"] == agent.engine.hostname
    assert agent.inspected()["Id"] in answer["tables"]["containers"]["keys"]
    assert agent.get("/dce/v1/certificate")["name"].startswith("agent-")


def test_the_whole_container_stays_small(agent, record_property):
    used = agent.engine.api.get(f"/containers/{NAME}/stats", stream=0)["memory_stats"]
    own = used["usage"] - used["stats"].get("total_inactive_file", 0)
    record_property("agent_memory_bytes", own)
    assert own <= LARGEST_MEMORY_BYTES


class KeyStore(ThreadingHTTPServer):
    """Takes every key, and notes what was done with it."""

    def __init__(self, address):
        self.calls = []
        super().__init__((address, 0), KeyStoreHandler)


class KeyStoreHandler(BaseHTTPRequestHandler):
    def do_PUT(self):
        self.server.calls.append(f"{self.command} {self.path}")
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_DELETE(self):
        self.do_PUT()


@pytest.fixture
def key_store(lone_engine):
    with KeyStore(lone_engine.slot.gateway) as store:
        thread = threading.Thread(target=store.serve_forever, kwargs={"poll_interval": 0.1})
        thread.start()
        yield store
        store.shutdown()
        thread.join()


def test_an_operator_narrows_it_and_names_it_in_a_key_store(agent, key_store):
    host, port = key_store.server_address
    node = f"{agent.engine.address}:{SECOND_PORT}"
    agent.run(
        "narrow",
        DCE_AGENT_PORT=str(SECOND_PORT),
        DCE_AGENT_ROUTES="read-only",
        DCE_AGENT_DISCOVERY=f"etcd://{host}:{port}",
        DCE_AGENT_ADVERTISE=node,
    )
    key = f"/v2/keys/docker/swarm/nodes/{node}"
    wait_until(lambda: f"PUT {key}" in key_store.calls, what="the node's key", timeout_s=60)
    wait_until(
        lambda: agent.through("ps", port=SECOND_PORT).returncode == 0,
        what="the narrowed agent to answer",
        timeout_s=60,
    )
    refused = agent.through("stop", NAME, port=SECOND_PORT)
    assert "list of routes" in refused.stderr
    assert "list of routes" in asyncio.run(refusal_of_a_console(address_of(agent, SECOND_PORT)))
    agent.local("stop", "narrow")
    assert f"DELETE {key}" in key_store.calls
    agent.local("rm", "narrow")


async def refusal_of_a_console(address):
    """What a person is told who opens one."""
    consoles = EngineConsoles([address])
    with pytest.raises(NotLetThrough) as refused:
        await consoles.open(ConsoleWish(NAME, ["sh"]))
    await consoles.close()
    return refused.value.message


def test_it_is_replaced_by_another_image_and_put_back_when_that_one_fails(agent):
    """The last of this file: it changes what the others use."""
    first = agent.inspected()["Id"]
    failed = agent.replace(BUSYBOX_IMAGE)
    assert failed.returncode == 1
    assert "The old one runs again" in failed.stderr
    assert agent.inspected()["Id"] == first
    agent.wait_healthy()
    agent.local("tag", agent.image.reference, "dce/agent:next")
    done = agent.replace("dce/agent:next")
    assert done.returncode == 0, done.stderr
    after = agent.inspected()
    assert (after["Id"] == first, after["Config"]["Image"]) == (False, "dce/agent:next")
    assert after["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"
    listed = agent.through("ps", "--all", "--format", "{{.Names}}")
    assert listed.stdout.split() == [NAME], listed.stderr
