"""The swap against an engine that keeps containers in a dictionary."""

import json

import pytest

from dce_agent.engine_calls import EngineRefused
from dce_agent.errors import AgentError
from dce_agent.replacing import NAME, PREVIOUS, Swap, configuration

OLD, NEW = "dce/agent:1", "dce/agent:2"
IMAGE_CONFIG = {
    "Env": ["PATH=/usr/bin", "LANG=C.UTF-8"],
    "Labels": {"org.opencontainers.image.version": "1"},
    "Cmd": ["run"],
    "Entrypoint": ["python3"],
    "Healthcheck": {"Test": ["CMD", "x"]},
}
CONTAINER_CONFIG = {
    **IMAGE_CONFIG,
    "Hostname": "eng1",
    "Image": OLD,
    "Env": ["DCE_AGENT_ROUTES=read-only", *IMAGE_CONFIG["Env"]],
    "Labels": {"io.dce.role": "agent", **IMAGE_CONFIG["Labels"]},
}
HOST = {"NetworkMode": "host", "PidMode": "host", "Binds": ["dce-agent:/etc/dce"]}


class FakeEngine:
    """As much of the Engine API as the swap needs."""

    def __init__(self, *, health="healthy", images=(OLD, NEW), pull_error=""):
        self.images, self.health, self.pull_error = set(images), health, pull_error
        self.calls, self.fails_at = [], ""
        self.containers = {NAME: self._container(CONTAINER_CONFIG)}

    def get(self, path, **_):
        kind, name = path.removesuffix("/json").strip("/").split("/", 1)
        if kind == "images":
            if name not in self.images:
                raise EngineRefused(404, f"No such image: {name}")
            return {"Config": IMAGE_CONFIG}
        return self._known(name)

    def post(self, path, body=None, **query):
        self._note("POST", path, query)
        kind, name, *rest = path.strip("/").split("/")
        if (kind, name) == ("images", "create"):
            self.images.add(query["fromImage"])
            return json.dumps({"error": self.pull_error}) if self.pull_error else "{}"
        if name == "create":
            self.containers[query["name"]] = self._container(body)
        elif rest == ["rename"]:
            self.containers[query["name"]] = self.containers.pop(name)
        else:
            self._known(name)["State"]["Running"] = rest == ["start"]
        return ""

    def delete(self, path, **_):
        self._note("DELETE", path, {})
        self.containers.pop(path.rpartition("/")[2])

    def call(self, method, path, query):
        return "the port is taken\n"

    def _note(self, method, path, query):
        call = f"{method} {path}"
        self.calls.append(call)
        if self.fails_at and call.endswith(self.fails_at):
            self.fails_at = ""
            raise EngineRefused(500, f"{call} went wrong")

    def _known(self, name):
        if name not in self.containers:
            raise EngineRefused(404, f"No such container: {name}")
        return self.containers[name]

    def _container(self, config):
        health = "healthy" if config.get("Image") == OLD else self.health
        state = {"Running": True, "Health": {"Status": health}}
        return {"Config": config, "HostConfig": HOST, "Image": OLD, "State": state}


def swap(engine, **options):
    return Swap(engine, puller=engine, pause=lambda _: None, **options)


def running_image(engine):
    assert list(engine.containers) == [NAME]
    assert engine.containers[NAME]["State"]["Running"]
    return engine.containers[NAME]["Config"]["Image"]


def test_the_new_agent_takes_the_place_of_the_old():
    engine = FakeEngine()
    assert swap(engine).run(NEW) == f"The agent runs from {NEW} now.\n"
    assert running_image(engine) == NEW


def test_what_was_said_for_the_container_is_kept_and_what_came_with_the_image_is_not():
    body = configuration(
        {"Config": CONTAINER_CONFIG, "HostConfig": HOST}, {"Config": IMAGE_CONFIG}, image=NEW
    )
    assert body == {
        "Image": NEW,
        "Env": ["DCE_AGENT_ROUTES=read-only"],
        "Labels": {"io.dce.role": "agent"},
        "HostConfig": HOST,
    }


def test_a_command_that_was_given_is_kept():
    said = {**CONTAINER_CONFIG, "Cmd": ["run", "-v"]}
    body = configuration({"Config": said, "HostConfig": HOST}, {"Config": IMAGE_CONFIG}, image=NEW)
    assert body["Cmd"] == ["run", "-v"]


@pytest.mark.parametrize("health", ["unhealthy", "starting"])
def test_an_agent_that_does_not_get_well_gives_way_to_the_old(health):
    engine = FakeEngine(health=health)
    with pytest.raises(AgentError, match="The old one runs again"):
        swap(engine, healthy_within_s=0.01).run(NEW)
    assert running_image(engine) == OLD


@pytest.mark.parametrize("step", ["/containers/create", f"/{NAME}/start"])
def test_a_step_that_fails_brings_the_old_back(step):
    engine = FakeEngine()
    engine.fails_at = step
    with pytest.raises(AgentError, match=r"went wrong.*The old one runs again"):
        swap(engine).run(NEW)
    assert running_image(engine) == OLD


@pytest.mark.parametrize("step", [f"/{NAME}/stop", f"/{NAME}/rename"])
def test_an_old_one_that_cannot_be_set_aside_runs_on(step):
    engine = FakeEngine()
    engine.fails_at = step
    with pytest.raises(AgentError, match="went wrong"):
        swap(engine).run(NEW)
    assert running_image(engine) == OLD


def test_an_image_that_is_not_there_is_pulled():
    engine = FakeEngine(images=[OLD])
    swap(engine).run(NEW)
    assert engine.calls[0] == "POST /images/create"
    assert running_image(engine) == NEW


def test_an_image_that_cannot_be_pulled_changes_nothing():
    engine = FakeEngine(images=[OLD], pull_error="manifest unknown.")
    with pytest.raises(AgentError, match=r"manifest unknown\. Nothing was changed"):
        swap(engine).run("dce/agent")
    assert engine.calls == ["POST /images/create"]
    assert running_image(engine) == OLD


def test_nothing_to_replace_is_said():
    engine = FakeEngine()
    engine.containers.clear()
    with pytest.raises(AgentError, match="no container dce-agent"):
        swap(engine).run(NEW)


def test_a_run_cut_off_after_the_rename_is_put_right_first():
    engine = FakeEngine()
    engine.containers[PREVIOUS] = engine.containers.pop(NAME)
    engine.containers[PREVIOUS]["State"]["Running"] = False
    swap(engine).run(NEW)
    assert running_image(engine) == NEW


def test_a_run_cut_off_before_the_clean_up_is_put_right_first():
    engine = FakeEngine()
    engine.containers[PREVIOUS] = engine._container(CONTAINER_CONFIG)
    swap(engine).run(NEW)
    assert running_image(engine) == NEW
