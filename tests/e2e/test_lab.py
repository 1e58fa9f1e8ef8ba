"""The lab itself, on real engines: what other end-to-end tests build on."""

import json
import signal
import ssl
import subprocess
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.lab import images, network, slots
from tests.lab.engine import EngineOptions
from tests.lab.host import HostProcess, LabError, wait_until

pytestmark = pytest.mark.lab

CHECKOUT = Path(__file__).resolve().parents[2]
# A lab with a container, whose owner waits to be killed.
OWNER = """
import signal, sys
from tests.lab.swarm import Lab
lab = Lab.create(1)
lab.load_image()
made = lab.engine(1).api.post("/containers/create", {"Image": "lab/busybox:1"})
lab.engine(1).api.post(f"/containers/{made['Id']}/start")
print(lab.slot.number, lab.engine(1).process.pid, flush=True)
signal.pause()
"""


def run_service(lab, *, replicas):
    """Start the busybox image as a service and wait for its containers."""
    task = {"ContainerSpec": {"Image": images.BUSYBOX_IMAGE}}
    spec = {"Name": "burn", "TaskTemplate": task, "Mode": {"Replicated": {"Replicas": replicas}}}
    lab.engine(1).api.post("/services/create", spec)
    wait_until(lambda: running(lab) == replicas, what=f"{replicas} containers", timeout_s=60)


def running(lab):
    return sum(len(engine.api.get("/containers/json")) for engine in lab.engines)


def leader(lab):
    """The leader's host name as the second engine sees it; none while they elect one."""
    try:
        nodes = lab.nodes(seen_by=2).items()
    except (LabError, OSError):
        return None
    return next((name for name, node in nodes if node["ManagerStatus"].get("Leader")), None)


def test_three_engines_are_one_swarm(swarm_lab):
    assert {name: swarm_lab.node_state(name) for name in swarm_lab.nodes()} == {
        "eng1": "ready",
        "eng2": "ready",
        "eng3": "ready",
    }
    assert len({engine.info()["ID"] for engine in swarm_lab.engines}) == 3


def test_a_service_spreads_over_the_nodes(mended_swarm):
    run_service(mended_swarm, replicas=3)
    assert [len(engine.api.get("/containers/json")) for engine in mended_swarm.engines] == [1, 1, 1]


def test_a_killed_engine_is_down_and_ready_after_its_return(mended_swarm):
    third = mended_swarm.engine(3)
    third.kill()
    mended_swarm.wait_node("eng3", "down", timeout_s=30)
    assert not third.api.answers()
    third.start()
    mended_swarm.wait_node("eng3", "ready", timeout_s=30)


def test_an_engine_cut_off_is_down_until_it_is_healed(mended_swarm):
    third = mended_swarm.engine(3)
    third.cut()
    mended_swarm.wait_node("eng3", "down", timeout_s=30)
    assert third.api.answers()
    third.heal()
    mended_swarm.wait_node("eng3", "ready", timeout_s=60)


def test_the_leader_is_replaced_when_it_dies(mended_swarm):
    mended_swarm.engine(1).kill()
    wait_until(lambda: leader(mended_swarm) in {"eng2", "eng3"}, what="a leader", timeout_s=60)


def test_killed_engines_take_their_containers_with_them(mended_swarm):
    run_service(mended_swarm, replicas=3)
    second = mended_swarm.engine(2)
    inside = network.processes(second.name.namespace)
    second.kill()
    assert inside
    assert not any(process.alive for process in inside)
    assert network.processes(second.name.namespace) == []


def test_mending_brings_back_what_a_test_broke(swarm_lab):
    run_service(swarm_lab, replicas=3)
    swarm_lab.engine(1).freeze()
    swarm_lab.engine(2).kill()
    swarm_lab.engine(3).cut()
    swarm_lab.mend()
    assert all(swarm_lab.node_state(name) == "ready" for name in swarm_lab.nodes())
    assert running(swarm_lab) == 0


def test_an_image_has_one_id_on_every_node(swarm_lab):
    assert {
        engine.api.get(f"/images/{images.BUSYBOX_IMAGE}/json")["Id"] for engine in swarm_lab.engines
    } == {swarm_lab.load_image()}


def test_containers_of_the_image_use_cpu(lone_engine):
    made = lone_engine.api.post("/containers/create", {"Image": images.BUSYBOX_IMAGE})
    lone_engine.api.post(f"/containers/{made['Id']}/start")
    stats = lone_engine.api.get(f"/containers/{made['Id']}/stats", stream="false")
    lone_engine.api.delete(f"/containers/{made['Id']}", force=1)
    assert stats["cpu_stats"]["cpu_usage"]["total_usage"] > 0


def test_the_tls_listener_lets_in_its_own_client_only(lone_engine, tmp_path):
    url = lone_engine.tls_url.replace("tcp://", "https://") + "/info"
    files = lone_engine.client_files()
    known = ssl.create_default_context(cafile=files.ca)
    known.load_cert_chain(files.certificate, files.key)
    with urllib.request.urlopen(url, context=known, timeout=30) as answer:
        assert json.load(answer)["Name"] == "eng1"
    stranger = ssl.create_default_context(cafile=files.ca)
    with pytest.raises(OSError, match=r"certificate required|bad certificate"):
        urllib.request.urlopen(url, context=stranger, timeout=30)


def test_engines_with_a_shared_identity_report_one_id(lab_factory):
    lab = lab_factory(2, options=EngineOptions(shared_identity=True))
    assert len({engine.info()["ID"] for engine in lab.engines}) == 1


def test_engines_reach_a_server_on_the_labs_gateway_without_tls(lone_engine):
    asked = []

    class Registry(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer((lone_engine.slot.gateway, 0), Registry) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        image = f"{server.server_address[0]}:{server.server_port}/team/app"
        with pytest.raises(LabError, match="404"):
            lone_engine.api.post("/images/create", fromImage=image, tag="1")
        server.shutdown()
    assert any(path.startswith("/v2/") for path in asked)


def test_two_labs_stand_side_by_side(lone_engine, lab_factory):
    other = lab_factory(1)
    assert other.slot != lone_engine.slot
    assert other.engine(1).info()["ID"] != lone_engine.info()["ID"]


def test_an_engine_that_cannot_start_says_why(lab_factory):
    with pytest.raises(LabError, match="no-such-flag"):
        lab_factory(1, options=EngineOptions(flags=("--no-such-flag",)))


def test_a_stopped_engine_ends_in_order(lab_factory):
    engine = lab_factory(1).engine(1)
    engine.stop()
    assert not engine.running
    assert "Processing signal 'terminated'" in engine.log.read_text()


def test_what_a_killed_owner_left_is_swept_by_the_next_start():
    # Killed on purpose: an owner that never comes to clean up.
    owner = subprocess.Popen([sys.executable, "-c", OWNER], cwd=CHECKOUT, stdout=subprocess.PIPE)
    with owner:
        number, pid = (int(word) for word in owner.stdout.readline().split())
        process = HostProcess.of(pid)
        owner.send_signal(signal.SIGKILL)
    assert process.alive
    slot = slots.Slot(number)

    assert number in slots.sweep_abandoned()

    assert not process.alive
    assert not network.is_taken(slot)
    assert list(network.NAMESPACES.glob(f"{slot.link}-*")) == []
    assert list(slots.CGROUPS.glob(f"**{slot.cgroup}")) == []
    assert not (slots.folder() / str(number)).exists()
