"""A suite that could not run all of itself says so, or fails where that is asked."""

import pytest

from tests.plugins import leftout

pytest_plugins = ["pytester"]

NEEDY = """
import pytest

@pytest.mark.lab
def test_needy(): pass

@pytest.mark.lab
def test_needy_too(): pass

@pytest.mark.redis
def test_modest(): pass
"""
LACKS = {"lab": ("it needs root",), "redis": ()}


@pytest.fixture
def inner(pytester, monkeypatch):
    """An inner suite on a machine without root; its outcome and output."""
    monkeypatch.delenv(leftout.REQUIRE_ALL_VARIABLE, raising=False)
    monkeypatch.setattr(leftout, "CHECKS", LACKS)
    monkeypatch.setattr(leftout, "missing_for", LACKS.__getitem__)
    pytester.makeini("[pytest]\nmarkers =\n lab: x\n redis: x\n")

    def run(source):
        pytester.makepyfile(source)
        plugins = ("django", "asyncio", "cacheprovider", "rerunfailures")
        arguments = [word for name in plugins for word in ("-p", f"no:{name}")]
        return pytester.inline_run(*arguments, plugins=[leftout]), pytester

    return run


def test_what_the_machine_lacks_is_skipped_and_listed(inner, capsys):
    result, _ = inner(NEEDY)
    result.assertoutcome(passed=1, skipped=2)
    assert result.ret == pytest.ExitCode.OK
    assert "Left out: 2 tests (lab: it needs root)" in capsys.readouterr().out


def test_nothing_is_listed_where_nothing_lacks(inner, capsys):
    inner("def test_modest(): pass")
    assert "left out" not in capsys.readouterr().out.lower()


def test_where_all_is_required_a_lack_fails(inner, monkeypatch, capsys):
    monkeypatch.setenv(leftout.REQUIRE_ALL_VARIABLE, "1")
    result, _ = inner(NEEDY)
    result.assertoutcome(passed=1, failed=2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "Left out: 2 tests (lab: it needs root)" in capsys.readouterr().out


@pytest.mark.parametrize(
    "source",
    [
        "import pytest\ndef test_it(): pytest.skip('not today')",
        "import pytest\n@pytest.mark.skip('not today')\ndef test_it(): pass",
        "import pytest\npytest.skip('not today', allow_module_level=True)",
    ],
)
def test_where_all_is_required_any_skip_fails(inner, monkeypatch, capsys, source):
    monkeypatch.setenv(leftout.REQUIRE_ALL_VARIABLE, "1")
    result, _ = inner(source)
    assert result.ret in {pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED}
    assert "not today" in capsys.readouterr().out


def test_an_expected_failure_is_no_skip(inner, monkeypatch):
    monkeypatch.setenv(leftout.REQUIRE_ALL_VARIABLE, "1")
    result, _ = inner("import pytest\n@pytest.mark.xfail\ndef test_it(): raise ValueError")
    assert result.ret == pytest.ExitCode.OK
