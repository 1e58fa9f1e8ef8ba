import pytest

from dce_agent.settings import Settings, parse


def test_nothing_is_required():
    assert parse([]) == Settings()


def test_sockets_are_unix_addresses():
    assert parse(["--listen", "unix:///tmp/a.sock"]).listen == "/tmp/a.sock"


@pytest.mark.parametrize(
    "arguments", [["--listen", "tcp://0.0.0.0:1"], ["--interval-s", "0"], ["--interval-s", "x"]]
)
def test_a_mistake_ends_the_program_with_a_sentence(arguments, capsys):
    with pytest.raises(SystemExit):
        parse(arguments)
    assert "error" in capsys.readouterr().err
