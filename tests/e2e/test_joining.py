"""From an empty portal, three fresh engines become a Swarm by the join line alone, over mutual TLS."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.e2e.joining import LONG_S, Joining, joining_site
from tests.lab.agent_image import AgentImage
from tests.lab.engine import Engine
from tests.lab.host import wait_until
from tests.lab.swarm import swarm_state

pytestmark = [pytest.mark.portal, pytest.mark.lab, pytest.mark.browser]


@pytest.fixture(scope="module")
def joining(agent_image: AgentImage) -> Iterator[Joining]:
    """The portal is told of no engine, and the engines of no portal."""
    with joining_site(3, agent_image) as joining:
        yield joining


def agent_id(engine: Engine) -> str:
    return engine.shell("docker inspect --format '{{.Id}} {{.State.Running}}' dce-agent").stdout


def test_three_engines_become_a_swarm_by_the_line_alone(
    joining: Joining, chromium_page: Page
) -> None:
    line = _line_of_the_page(joining, chromium_page)
    checked = joining.run(1, line, "--check")
    assert (checked.returncode, "This host can join." in checked.stdout) == (0, True)
    assert "docker swarm init" in joining.run(1, line, "--dry-run").stdout
    assert swarm_state(joining.lab.engine(1)) == "inactive"
    assert "as the first manager of a new one" in joining.joined(1, line)
    join = chromium_page.locator('[data-join][data-state="succeeded"] [data-step="answer"]')
    join.and_(chromium_page.locator('[data-state="done"]')).wait_for(timeout=LONG_S * 1000)
    (cluster,) = joining.site.api().list("clusters/")
    joining.joined(2, joining.line(cluster=cluster["id"], role="manager"))
    _interrupted_and_joined(joining, joining.line(cluster=cluster["id"], labels={"rack": "7"}))
    expected = {"eng1": "manager", "eng2": "manager", "eng3": "worker"}
    for name, role in expected.items():
        wait_until(
            lambda name=name, role=role: joining.is_watched(name, role=role, state="ready"),
            what=f"{name} to be heard as a {role}",
            timeout_s=LONG_S,
        )
    wait_until(
        lambda: joining.nodes()["eng3"]["labels"] == {"rack": "7"},
        what="the token's label on eng3",
        timeout_s=LONG_S,
    )
    assert {node["availability"] for node in joining.nodes().values()} == {"active"}


def _line_of_the_page(joining: Joining, page: Page) -> str:
    """Make the first token on the page, and stay there to see the join go on."""
    site = joining.site
    cookie = {"name": "dce_session", "value": site.sign_in("admin"), "url": site.base_url}
    page.context.add_cookies([cookie])
    page.goto(f"{site.base_url}/admin/nodes/jointoken/")
    page.get_by_text("No host has joined by a line yet").wait_for()
    page.select_option("#id_role", "manager")
    page.get_by_role("button", name="Make the line").click()
    line = page.locator("[data-join-line] .dce-join-line code").first.text_content()
    assert line is not None
    return joining.for_hosts(line)


def _interrupted_and_joined(joining: Joining, line: str) -> None:
    """Kill the script once the host has its certificate, then run the line again."""
    engine = joining.lab.engine(3)
    begun = engine.start_shell(line)
    wait_until(
        lambda: joining.step_done("eng3", "certificate"),
        what="eng3 to have its certificate",
        timeout_s=LONG_S,
    )
    os.killpg(begun.pid, signal.SIGKILL)
    begun.wait()
    joining.joined(3, line)
    before = agent_id(engine)
    again = joining.run(3, line)
    assert again.returncode == 0, again.stderr
    assert "Nothing to do: eng3 has joined already" in again.stdout
    assert agent_id(engine) == before != ""


def test_the_agent_answers_the_controller_alone(joining: Joining) -> None:
    address = f"https://{joining.lab.engine(1).address}:12376/_ping"
    stranger = subprocess.run(("curl", "-sk", "--max-time", "10", address), capture_output=True)
    assert b"OK" not in stranger.stdout
    folder = joining.site.portal.data / "secrets" / "authority"
    files = ("--cert", str(folder / "controller.pem"), "--key", str(folder / "controller.key"))
    own = subprocess.run(("curl", "-sk", *files, address), capture_output=True)
    assert own.stdout == b"OK"


def test_each_bad_token_is_one_sentence(joining: Joining) -> None:
    (cluster,) = joining.site.api().list("clusters/")
    revoked = joining.site.api().post("join-tokens/", {"cluster": cluster["id"]}).json()
    joining.site.api().request("DELETE", revoked["url"])
    line = joining.for_hosts(revoked["curl_line"])
    joining.refused(3, line, "was revoked. Make a new one")
    joining.refused(3, re.sub(r"/dcej_\w+", "/dcej_nonsense", line), "not known here")
    wrong_pin = re.sub(r"sha256//[^']+", f"sha256//{'A' * 43}=", line)
    done = joining.run(3, wrong_pin)
    assert "public key does not match pinned public key" in done.stderr
    assert "Preflight" not in done.stdout
    used = joining.line(cluster=cluster["id"])
    claim = used.split()[4].replace("| sh", "")
    first = "machine=0123456789abcdef.OTHER\\nengine=OTHER\\nhostname=other\\n"
    joining.lab.engine(2).shell(f"printf '{first}' | curl -sSk --data-binary @- {claim}/claim")
    joining.refused(3, used, "has been used 1 of 1 times")


def test_leaving_undoes_it_and_another_swarm_is_not_touched(joining: Joining) -> None:
    engine = joining.lab.engine(3)
    left = engine.shell("sh /etc/dce/join --leave")
    assert left.returncode == 0, left.stderr
    assert "Left. eng3 is an engine on its own again." in left.stdout
    assert swarm_state(engine) == "inactive"
    rest = engine.shell("docker ps -aq; docker volume ls -q; ls /etc/docker/certs.d /etc/dce")
    assert rest.stdout.strip() == "/etc/dce:\n\n/etc/docker/certs.d:"
    assert set(joining.lab.nodes()) == {"eng1", "eng2"}
    wait_until(
        lambda: "eng3" not in joining.nodes(),
        what="eng3 to be gone from the portal's nodes",
        timeout_s=LONG_S,
    )
    (join,) = [row for row in joining.site.api().list("joins/") if row["hostname"] == "eng3"]
    assert join["state"] == "left"
    engine.shell(f"docker swarm init --advertise-addr {engine.address}")
    (cluster,) = joining.site.api().list("clusters/")
    joining.refused(3, joining.line(cluster=cluster["id"]), "in another Swarm already")


def test_no_log_of_the_portal_holds_a_token(joining: Joining) -> None:
    logs = "".join(path.read_text() for path in (joining.site.portal.data / "log").glob("*.log"))
    assert "/join/***/claim" in logs
    assert not re.search(r"dcej_[0-9A-Za-z]{12}_", logs)
