"""The controller's image: small, complete, and a portal by one line that outlives its container."""

from __future__ import annotations

import json

import pytest

from dce_agent import __version__
from tests.e2e.controller_container import (
    ADMINISTRATOR,
    NAME,
    VOLUME,
    ControllerContainer,
)
from tests.e2e.docker_clients import Docker, Skopeo
from tests.e2e.site import by_name, plain_session
from tests.lab.host import wait_until
from tests.plugins.oci import write_image

pytestmark = [pytest.mark.lab, pytest.mark.clients]

MB = 1_000_000
MOST_CONTROLLER_BYTES, MOST_AGENT_BYTES = 300 * MB, 90 * MB
STATIC_FILES = (
    "css/portal.css",
    "uplot/uPlot.iife.min.js",
    "xterm/xterm.js",
    "xterm-css/xterm.css",
    "xterm-fit/addon-fit.js",
)
PATIENCE = ("--time", "30")
UNWANTED = ("gcc*", "cc1*", "pip*", "npm*", "node", "apt*", "dpkg*", "perl*", "test_*.py")


@pytest.fixture(scope="module")
def skopeo(tmp_path_factory) -> Skopeo:
    return Skopeo(tmp_path_factory.mktemp("skopeo"))


def size_bytes(docker: Docker, reference: str) -> int:
    """The unpacked size."""
    return int(docker.must("image", "inspect", "--format", "{{.Size}}", reference))


def test_both_images_are_small_and_carry_nothing_idle(controller_container, agent_image):
    docker, image = controller_container.docker, controller_container.image
    agent_image.load(controller_container.engine.url)
    assert size_bytes(docker, image.reference) <= MOST_CONTROLLER_BYTES
    assert size_bytes(docker, agent_image.reference) <= MOST_AGENT_BYTES
    names = [word for name in UNWANTED for word in ("-o", "-name", name)][1:]
    found = controller_container.execute("find", "/usr", "/opt", "-type", "f", "(", *names, ")")
    assert found == ""
    labels = json.loads(
        docker.must("image", "inspect", "--format", "{{json .Config.Labels}}", image.reference)
    )
    assert labels["org.opencontainers.image.title"] == "DCE Portal controller"


def test_one_line_leads_to_a_login_page(controller_container: ControllerContainer):
    password = controller_container.password()
    assert f"Made the administrator {ADMINISTRATOR}; password: {password}" in (
        controller_container.logs()
    )
    url = f"{controller_container.base_url}/admin/login/"
    with plain_session() as session:
        page = session.get(url, timeout=30)
        assert page.ok
        form = {"username": ADMINISTRATOR, "password": password}
        form["csrfmiddlewaretoken"] = session.cookies["dce_csrf"]
        answer = session.post(url, data=form, headers={"Referer": url}, timeout=30)
        assert answer.ok
        assert "dce_session" in session.cookies
        for file in STATIC_FILES:
            served = session.get(f"{controller_container.base_url}/static/{file}", timeout=30)
            assert served.ok, file


def test_https_answers_at_once_with_a_certificate_of_its_own_authority(
    controller_container: ControllerContainer, tmp_path
):
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(controller_container.execute("cat", "/data/secrets/authority/bundle.pem"))
    with plain_session() as session:
        url = f"{controller_container.https_url}/livez"
        assert session.get(url, verify=str(bundle), timeout=30).ok


def test_supervisord_is_the_first_process_and_nothing_runs_as_root(controller_container):
    rows = controller_container.docker.must("top", NAME, "-eo", "user,pid,args").splitlines()[1:]
    owners = {row.split()[0] for row in rows}
    assert len(owners) == 1
    assert "root" not in owners
    assert "supervisord" in controller_container.execute("cat", "/proc/1/cmdline")
    wait_until(
        lambda: controller_container.state()["Health"]["Status"] == "healthy",
        what="the container's health check",
        timeout_s=90,
    )


def test_its_own_engine_is_the_first_node(controller_container):
    api = controller_container.api()
    hostname = controller_container.engine.hostname
    wait_until(
        lambda: by_name(api.list("nodes/"), "hostname").get(hostname, {}).get("is_fresh"),
        what="the engine behind the socket as a node",
        timeout_s=60,
    )


def test_the_agents_image_is_in_its_registry(controller_container, agent_image, skopeo):
    """By anybody, without signing in, and under every name of the portal."""
    api = controller_container.api()
    wait_until(
        lambda: "dce/agent" in {row["name"] for row in api.list("repositories/")},
        what="the agent's image in the catalogue",
        timeout_s=120,
    )
    name = f"docker://{controller_container.host}/dce/agent"
    tags = skopeo.must("list-tags", "--tls-verify=false", name)
    assert __version__ in json.loads(tags)["Tags"]
    reference = f"{controller_container.host}/dce/agent:{__version__}"
    docker = controller_container.docker
    docker.must("pull", "--quiet", reference)
    assert (
        docker.must("run", "--rm", "--network", "none", reference, "version").strip() == __version__
    )
    ids = [
        docker.must("image", "inspect", "--format", "{{.Id}}", name)
        for name in (reference, agent_image.reference)
    ]
    assert ids[0] == ids[1]


def test_what_was_pushed_outlives_the_container(controller_container, skopeo, tmp_path):
    host, docker = controller_container.host, controller_container.docker
    target = f"docker://{host}/team/app:1"
    skopeo.login(host, ADMINISTRATOR, controller_container.password())
    answer = controller_container.api().post("namespaces/", {"name": "team"})
    assert answer.status_code == 201, answer.text
    layout = write_image(tmp_path / "layout")
    pushed = skopeo.copy(layout.source, target)
    assert pushed.ok, pushed.text
    digest = skopeo.inspect(f"{host}/team/app:1")["Digest"]
    assert_ends_cleanly(controller_container)
    assert_newer_data_is_refused(controller_container)
    docker.must("rm", NAME)
    controller_container.run()
    controller_container.wait_ready()
    assert skopeo.inspect(f"{host}/team/app:1")["Digest"] == digest
    assert "Made the administrator" not in controller_container.logs()


def assert_ends_cleanly(container: ControllerContainer) -> None:
    """All ends by itself; a test of the launcher holds it to ten seconds on a machine with less to do."""
    container.docker.must("stop", *PATIENCE, NAME)
    state = container.state()
    assert (state["ExitCode"], state["OOMKilled"]) == (0, False), container.logs()


def assert_newer_data_is_refused(container: ControllerContainer) -> None:
    """Data in which a later version has left its mark is not touched by this one."""
    image = container.image.reference
    volume = ("run", "--rm", "-v", f"{VOLUME}:/data")
    write_sql(
        container, "INSERT INTO django_migrations VALUES (9999, 'nodes', '9999_later', 'now')"
    )
    answer = container.docker.run(*volume, image)
    write_sql(container, "DELETE FROM django_migrations WHERE id = 9999")
    assert not answer.ok
    assert "A newer version of the portal has used this data" in answer.text
    assert "Nothing was started" in answer.text


def write_sql(container: ControllerContainer, statement: str) -> None:
    """Change the stopped portal's database as its own user."""
    code = f"import sqlite3\nwith sqlite3.connect('/data/portal.sqlite3') as c: c.execute({statement!r})"
    volume = ("run", "--rm", "-v", f"{VOLUME}:/data")
    python = ("--user", "dce", "--entrypoint", "python", container.image.reference, "-c", code)
    container.docker.must(*volume, *python)


def test_a_second_container_over_the_same_data_is_refused(controller_container):
    docker, image = controller_container.docker, controller_container.image
    answer = docker.run("run", "--rm", "-v", f"{VOLUME}:/data", image.reference)
    assert not answer.ok
    assert "A portal is running with /data already" in answer.text


def test_one_process_alone(controller_container):
    docker, image = controller_container.docker, controller_container.image
    options = ("run", "-d", "--name", "web-alone", "--network", "host")
    docker.must(*options, image.reference, "web", "--listen", "0.0.0.0:8090")
    try:
        url = f"http://{controller_container.engine.address}:8090/livez"
        wait_until(lambda: answers(url), what="web alone", timeout_s=60)
        assert "granian" in docker.must("exec", "web-alone", "cat", "/proc/1/cmdline")
        docker.must("stop", *PATIENCE, "web-alone")
        assert docker.must("inspect", "--format", "{{.State.ExitCode}}", "web-alone").strip() == "0"
    finally:
        docker.must("rm", "--force", "--volumes", "web-alone")


def test_nothing_of_it_is_left_when_it_is_taken_away(controller_container):
    """The last of this file, and of the files that use the container: what docs/install.md says of removing it."""
    docker = controller_container.docker
    docker.must("rm", "--force", NAME)
    docker.must("volume", "rm", VOLUME)
    assert NAME not in docker.must("ps", "--all", "--format", "{{.Names}}").split()
    assert docker.must("volume", "ls", "--quiet").split() == []


def answers(url: str) -> bool:
    """Whether an address answers 200."""
    with plain_session() as session:
        try:
            return session.get(url, timeout=10).ok
        except OSError:
            return False
