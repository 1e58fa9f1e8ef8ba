import re
import socket
import stat
from pathlib import Path

import pytest

from dce_agent.errors import AgentError
from dce_agent.launch import Settings, Worker, nginx_conf, route_list, worker_for
from dce_agent.paths import State

FILES = Path(__file__).resolve().parents[3] / "docker/agent"


def test_nothing_needs_to_be_said():
    assert Settings.of({}) == Settings(port=12376, routes="full", discovery="", advertise="")


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        ({"DCE_AGENT_PORT": "0"}, "DCE_AGENT_PORT"),
        ({"DCE_AGENT_PORT": "12376;"}, "DCE_AGENT_PORT"),
        ({"DCE_AGENT_PORT": "70000"}, "DCE_AGENT_PORT"),
        ({"DCE_AGENT_ROUTES": "none"}, "full or read-only"),
        ({"DCE_AGENT_DISCOVERY": "consul://a:1", "DCE_AGENT_ADVERTISE": "10.0.0.1:1"}, "etcd://"),
        ({"DCE_AGENT_DISCOVERY": "etcd://a:1"}, "DCE_AGENT_ADVERTISE"),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(environ, reason):
    with pytest.raises(AgentError, match=re.escape(reason)):
        Settings.of(environ)


def test_the_template_is_filled_whole():
    settings, worker = Settings(port=19200), Worker("agent", "docker")
    template = (FILES / "nginx.conf").read_text()
    text = nginx_conf(template, settings, State("/state"), worker, "GET /info")
    assert "{{" not in text
    assert "user agent docker;" in text
    assert "listen 19200 ssl" in text
    assert "ssl_certificate_key /state/agent.key;" in text


def test_the_operators_own_list_goes_before_that_of_the_mode(tmp_path):
    state = State(str(tmp_path))
    by_mode = route_list(Settings(routes="read-only"), state, share=str(FILES))
    assert by_mode == (FILES / "routes-read-only.conf").read_text()
    (tmp_path / "routes.conf").write_text("GET /info\n")
    assert route_list(Settings(), state, share=str(FILES)) == "GET /info\n"


def test_an_own_list_that_is_empty_lets_nothing_through(tmp_path):
    (tmp_path / "routes.conf").write_text("")
    assert route_list(Settings(), State(str(tmp_path)), share=str(FILES)) == ""


@pytest.mark.parametrize(("mode", "user"), [(0o660, "agent"), (0o600, "root")])
def test_nginx_runs_unprivileged_where_the_sockets_group_may_write(tmp_path, mode, user):
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as engine:
        engine.bind(str(path))
        path.chmod(mode)
        assert worker_for(str(path)).user == user
        assert stat.S_ISSOCK(path.stat().st_mode)
