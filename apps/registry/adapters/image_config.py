"""What an image's configuration says of it, cut to a size that a row can hold: it comes from whoever pushed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from dce_portal.storable import storable

MOST_ENTRIES = 100
MOST_HISTORY = 200
LONGEST_NAME = 256
LONGEST_TEXT = 1024
LONGEST_COMMAND = 4096
Facts = dict[str, Any]


def image_facts(config: Mapping[str, Any]) -> Facts:
    """Only what pages show, each part bounded; empty for what is no image's configuration."""
    if not isinstance(config.get("rootfs"), dict):
        return {}
    runs = _object(config.get("config"))
    facts = {
        "created": _text(config.get("created"), 40),
        "author": _text(config.get("author"), LONGEST_NAME),
        "entrypoint": words(runs.get("Entrypoint")),
        "command": words(runs.get("Cmd")),
        "environment": words(runs.get("Env")),
        "labels": strings(runs.get("Labels")),
        "ports": _keys(runs.get("ExposedPorts")),
        "volumes": _keys(runs.get("Volumes")),
        "user": _text(runs.get("User"), LONGEST_NAME),
        "folder": _text(runs.get("WorkingDir"), LONGEST_TEXT),
        "stop_signal": _text(runs.get("StopSignal"), 32),
        "healthcheck": words(_object(runs.get("Healthcheck")).get("Test")),
        "history": list(_history(config.get("history"))),
    }
    return cast("Facts", storable({name: value for name, value in facts.items() if value}))


def words(value: object) -> list[str]:
    """A list of texts, or one text; anything else in it is left out."""
    if isinstance(value, str):
        return [value[:LONGEST_TEXT]]
    entries = value[:MOST_ENTRIES] if isinstance(value, list) else []
    return [entry[:LONGEST_TEXT] for entry in entries if isinstance(entry, str)]


def strings(value: object) -> dict[str, str]:
    """Names with their texts, as labels and annotations have them."""
    pairs = list(_object(value).items())[:MOST_ENTRIES]
    texts = {
        str(name)[:LONGEST_NAME]: text[:LONGEST_TEXT]
        for name, text in pairs
        if isinstance(text, str)
    }
    return cast("dict[str, str]", storable(texts))


def _keys(value: object) -> list[str]:
    return [str(name)[:LONGEST_NAME] for name in list(_object(value))[:MOST_ENTRIES]]


def _history(value: object) -> Iterator[Facts]:
    """One entry a step of the build; those that made no layer say so."""
    for step in value[:MOST_HISTORY] if isinstance(value, list) else ():
        entry = _object(step)
        yield {
            "command": _text(entry.get("created_by"), LONGEST_COMMAND),
            "comment": _text(entry.get("comment"), LONGEST_NAME),
            "created": _text(entry.get("created"), 40),
            "is_empty": entry.get("empty_layer") is True,
        }


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object, most: int) -> str:
    return value[:most] if isinstance(value, str) else ""
