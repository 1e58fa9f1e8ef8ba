"""The stand-in manager answers in the shapes that a real one was recorded with; where it drifts, this fails."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.contract.standalone_world import StandaloneWorld, standalone_world

RECORDINGS = Path(__file__).parent / "recordings"
# Their keys are names, not a structure.
MAPS = frozenset({"Labels", "Networks"})
VALUES = {
    "ID": r"[^|]+\|[\d.]+:\d+",
    "Status": r"Healthy",
    "Containers": r"\d+ \(\d+ Running, \d+ Paused, \d+ Stopped\)",
    "Reserved CPUs": r"\d+ / \d+",
    "Reserved Memory": r"0 B / [\d.]+ GiB",
    "Labels": r"kernelversion=.+, operatingsystem=.+, ostype=\w+, rack=\w+, storagedriver=\w+",
    "UpdatedAt": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "ServerVersion": r"\d+\.\d+\.\d+\S*",
}


def recorded(name: str) -> Any:
    return json.loads((RECORDINGS / name).read_text(encoding="utf-8"))


def structure(value: Any, *, at: str = "") -> Any:
    """Types and names without values; null may stand for anything."""
    if isinstance(value, dict):
        inner = {key: structure(one, at=key) for key, one in value.items()}
        return {"*": next(iter(inner.values()), None)} if at in MAPS else inner
    if isinstance(value, list):
        return [structure(value[0])] if value else []
    return type(value).__name__


def differences(ours: Any, theirs: Any, *, path: str = "") -> list[str]:
    """Where the structures differ, except for lists that are empty on one side, and null."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        odd = [f"{path}.{key}" for key in ours.keys() ^ theirs.keys()]
        both = [key for key in ours if key in theirs]
        return odd + [
            found
            for key in both
            for found in differences(ours[key], theirs[key], path=f"{path}.{key}")
        ]
    if isinstance(ours, list) and isinstance(theirs, list):
        return differences(ours[0], theirs[0], path=f"{path}[]") if ours and theirs else []
    is_null = "NoneType" in {str(ours), str(theirs)}
    return [] if ours == theirs or is_null else [f"{path}: {ours} instead of {theirs}"]


@pytest.fixture
async def world() -> AsyncIterator[StandaloneWorld]:
    async with standalone_world() as world:
        yield world


async def asked(world: StandaloneWorld, path: str) -> Any:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://{world.address}{path}") as answer,
    ):
        assert answer.status == 200
        return await answer.json()


@pytest.mark.parametrize(
    ("path", "recording"),
    [
        ("/v1.40/info", "info.json"),
        ("/version", "version.json"),
        ("/v1.40/containers/json?all=1", "containers.json"),
        ("/v1.40/images/json", "images.json"),
    ],
)
async def test_answers_have_the_recorded_structure(
    world: StandaloneWorld, path: str, recording: str
) -> None:
    ours, theirs = structure(await asked(world, path)), structure(recorded(recording))
    assert differences(ours, theirs) == []


async def test_status_lines_are_the_recorded_ones(world: StandaloneWorld) -> None:
    ours, theirs = (await asked(world, "/info"))["SystemStatus"], recorded("info.json")
    own, node = [key for key, _value in theirs["SystemStatus"][:4]], theirs["SystemStatus"][5:14]
    assert [key for key, _value in ours[:4]] == own
    assert re.fullmatch(r" \S+", ours[4][0])
    assert [key for key, _value in ours[5:13]] == [key for key, _value in node[:8]]
    for lines in (ours[5:13], node[:8]):
        for key, value in lines:
            assert re.fullmatch(VALUES[key.removeprefix("  └ ")], value), (key, value)


def test_a_drift_is_found() -> None:
    theirs = structure(recorded("containers.json"))
    changed = recorded("containers.json")
    changed[0].pop("ImageID")
    changed[0]["Names"] = "/node-1/web"
    assert sorted(differences(structure(changed), theirs)) == [
        "[].ImageID",
        "[].Names: str instead of ['str']",
    ]
