"""What failed is printed before the run's end."""

from __future__ import annotations

import os
import subprocess
import sys

CUT_OFF_SUITE = """
def test_first():
    assert "a reason" == "another"

def test_last():
    import os
    os._exit(9)  # the run is cut off here
"""


def test_a_failure_is_seen_though_the_run_is_cut_off(tmp_path, request):
    suite = tmp_path / "test_cut_off.py"
    suite.write_text(CUT_OFF_SUITE)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-p", "tests.plugins.at_once"]
    ended = subprocess.run(
        [*command, "-c", str(tmp_path / "pytest.ini"), str(suite)],
        cwd=request.config.rootpath,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 9
    assert "FAILED test_cut_off.py::test_first (call)" in ended.stdout
    assert "'a reason' == 'another'" in ended.stdout
