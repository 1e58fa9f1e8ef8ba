import io

import pytest

import dce_agent
from dce_agent import durable, health, joining, replacing, verbs
from dce_agent.errors import AgentError
from dce_agent.paths import State
from tests.factories.agent_pki import AGENT, AgentAuthority


@pytest.fixture
def state(tmp_path, monkeypatch):
    found = State(str(tmp_path))
    monkeypatch.setattr(verbs, "State", lambda: found)
    return found


def test_the_version_is_told(capsys):
    assert verbs.main(["version"]) == 0
    assert capsys.readouterr().out == f"{dce_agent.__version__}\n"


def test_a_request_is_printed_and_its_certificate_installed(state, capsys, monkeypatch):
    authority = AgentAuthority()
    assert verbs.main(["csr", "--name", AGENT]) == 0
    bundle = authority.agent(capsys.readouterr().out) + authority.certificate_pem
    monkeypatch.setattr("sys.stdin", io.StringIO(bundle))
    assert verbs.main(["install"]) == 0
    assert durable.text_of(state.authorities) == authority.certificate_pem


@pytest.mark.parametrize("given", ["", "garbage", "#" * (65 << 10)])
def test_a_bundle_that_is_none_is_refused(state, capsys, monkeypatch, given):
    monkeypatch.setattr("sys.stdin", io.StringIO(given))
    assert verbs.main(["install"]) == 1
    assert "nothing was changed" in capsys.readouterr().err


def test_run_before_joining_says_so(state, capsys, monkeypatch):
    monkeypatch.setattr("dce_agent.launch.State", lambda: state)
    assert verbs.main(["run"]) == 1
    assert "join the node first" in capsys.readouterr().err


def test_join_hands_its_further_arguments_on(monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(joining, "script", lambda *given: asked.append(given) or "#!/bin/sh\n")
    assert verbs.main(["join", "dce:443", "dcej_x", "sha256//x=", "--check", "--name", "a b"]) == 0
    assert asked == [("dce:443", "dcej_x", "sha256//x=", ["--check", "--name", "a b"])]
    assert capsys.readouterr().out == "#!/bin/sh\n"


def test_a_join_that_fails_prints_a_script_that_fails(monkeypatch, capsys):
    def refuse(*_):
        raise AgentError("The controller does not answer.")

    monkeypatch.setattr(joining, "script", refuse)
    assert verbs.main(["join", "dce:443", "dcej_x", "sha256//x="]) == 1
    said = capsys.readouterr()
    assert said.err == "The controller does not answer.\n"
    assert said.out.endswith("exit 1\n")


@pytest.mark.parametrize(
    "arguments",
    [[], ["dance"], ["csr"], ["csr", "--name", AGENT, "--more"], ["replace"], ["join", "dce:443"]],
)
def test_a_wrong_line_ends_with_2(arguments, capsys):
    try:
        code = verbs.main(arguments)
    except SystemExit as error:
        code = error.code
    assert code == 2
    assert capsys.readouterr().err


def test_replace_names_the_image(monkeypatch, capsys):
    monkeypatch.setattr(replacing, "replace", lambda image: f"The agent runs from {image} now.\n")
    assert verbs.main(["replace", "--image", "dce/agent:2"]) == 0
    assert capsys.readouterr().out == "The agent runs from dce/agent:2 now.\n"


def test_an_agent_that_does_not_answer_is_not_healthy(monkeypatch, capsys):
    def refuse(_):
        raise ConnectionRefusedError("connection refused")

    monkeypatch.setattr(health, "_status", refuse)
    assert verbs.main(["health"]) == 1
    assert "does not answer" in capsys.readouterr().err
