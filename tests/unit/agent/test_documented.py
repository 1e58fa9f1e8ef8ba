"""The wire's description names every table and column, and the command line's options."""

import tomllib
from pathlib import Path

import pytest

import dce_agent
from dce_agent.engine_info import INFO_FIELDS, SWARM_FIELDS
from dce_agent.schema import SCHEMAS

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docs/agent-samples.md").read_text()


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_every_column_is_described(schema):
    missing = [column.name for column in schema.columns if f"`{column.name}`" not in TEXT]
    assert not missing
    assert f"### `{schema.name}`" in TEXT


def test_every_fact_of_the_engine_is_described():
    assert not [name for name in (*INFO_FIELDS, *SWARM_FIELDS) if f"`{name}`" not in TEXT]


def test_the_agent_is_of_the_portals_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert dce_agent.__version__ == project["project"]["version"]
