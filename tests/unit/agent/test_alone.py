"""The agent is a program of its own: the standard library is all that it imports."""

import ast
import sys
from pathlib import Path

import pytest

import dce_agent

MODULES = sorted(Path(dce_agent.__file__).parent.glob("*.py"))


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_only_the_standard_library_is_imported(path):
    assert set(imported(path)) <= sys.stdlib_module_names
