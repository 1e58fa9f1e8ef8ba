"""The wire's description names every table and column, and the command line's options."""

from pathlib import Path

import pytest

from dce_agent.schema import SCHEMAS

TEXT = Path(__file__).resolve().parents[3].joinpath("docs/agent-samples.md").read_text()


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_every_column_is_described(schema):
    missing = [column.name for column in schema.columns if f"`{column.name}`" not in TEXT]
    assert not missing
    assert f"### `{schema.name}`" in TEXT
