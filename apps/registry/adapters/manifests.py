"""Turns the bytes of a manifest into the port's shapes; pure, and strict about what it relies on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from apps.registry.adapters.image_config import image_facts, strings
from apps.registry.ports import INDEX_TYPES, ChildInfo, LayerInfo, ManifestInfo

# Sums of what is declared have to fit a database's whole numbers.
MOST_BYTES = 2**40
NOTES = (
    "org.opencontainers.image.title",
    "in-toto.io/predicate-type",
    "predicateType",
    "dev.sigstore.bundle.predicateType",
)


class ManifestUnreadable(Exception):
    """The bytes are no manifest of a kind that we know; the text says why."""


def parse_manifest(body: bytes, *, digest: str, media_type: str) -> ManifestInfo:
    """Read a manifest; ManifestUnreadable when it is none, or is not the one that was asked for."""
    _verify(body, digest)
    document = _object(body)
    kind = str(document.get("mediaType") or media_type)
    if kind in INDEX_TYPES:
        return _index(document, kind=kind, digest=digest, body_bytes=len(body))
    return _image(document, kind=kind, digest=digest, body_bytes=len(body))


def platform_of(manifest: ManifestInfo, config: Mapping[str, Any]) -> ManifestInfo:
    """The same manifest with the platform and the facts that the image's configuration names."""
    return replace(manifest, platform=platform_text(config), facts=image_facts(config))


def platform_text(fields: Mapping[str, Any]) -> str:
    """As docker writes it: linux/arm64/v8; empty where a part is missing."""
    system, machine = fields.get("os"), fields.get("architecture")
    if not (system and machine):
        return ""
    parts = [str(system), str(machine), str(fields.get("variant") or "")]
    return "/".join(part for part in parts if part)[:64]


def _verify(body: bytes, digest: str) -> None:
    algorithm, _colon, expected = digest.partition(":")
    if algorithm == "sha256" and hashlib.sha256(body).hexdigest() != expected:
        raise ManifestUnreadable(f"the manifest does not have the digest {digest}")


def _object(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError as error:
        raise ManifestUnreadable(f"the manifest is no JSON ({error})") from error
    if not isinstance(document, dict):
        raise ManifestUnreadable("the manifest is no JSON object")
    return document


def _index(document: dict[str, Any], *, kind: str, digest: str, body_bytes: int) -> ManifestInfo:
    entries = _descriptors(document.get("manifests"))
    children = tuple(
        ChildInfo(_digest(entry), str(entry.get("mediaType", "")), _entry_platform(entry))
        for entry in entries
    )
    return ManifestInfo(
        digest=digest,
        media_type=kind,
        manifest_bytes=body_bytes,
        children=children,
        **_about(document),
    )


def _entry_platform(entry: Mapping[str, Any]) -> str:
    platform = entry.get("platform")
    return platform_text(platform) if isinstance(platform, dict) else ""


def _image(document: dict[str, Any], *, kind: str, digest: str, body_bytes: int) -> ManifestInfo:
    layers = tuple(
        LayerInfo(_digest(entry), _size(entry), str(entry.get("mediaType", "")), _note(entry))
        for entry in _descriptors(document.get("layers"))
    )
    config = next(iter(_descriptors([document.get("config") or {}])), {})
    return ManifestInfo(
        digest=digest,
        media_type=kind,
        manifest_bytes=body_bytes,
        size_bytes=_size(config) + sum(layer.size_bytes for layer in layers),
        config_digest=str(config.get("digest") or ""),
        layers=layers,
        config_bytes=_size(config),
        **_about(document, config),
    )


def _about(document: Mapping[str, Any], config: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What kind of thing it is, what it is about, and its notes; an old artifact's kind is its configuration's."""
    subject = next(iter(_descriptors([document.get("subject") or {}])), {})
    kind = document.get("artifactType") or (config or {}).get("mediaType") or ""
    return {
        "artifact_type": str(kind)[:128],
        "subject": _digest(subject) if subject else "",
        "annotations": strings(document.get("annotations")),
    }


def _note(entry: Mapping[str, Any]) -> str:
    """A file's name, or the kind of statement that an attestation makes."""
    notes = strings(entry.get("annotations"))
    return next((notes[name] for name in NOTES if name in notes), "")


def _descriptors(value: object) -> list[dict[str, Any]]:
    """A list of objects; anything else in its place is an error."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise ManifestUnreadable("the manifest lists something that is no descriptor")
    return value


def _digest(entry: Mapping[str, Any]) -> str:
    digest = entry.get("digest")
    if not isinstance(digest, str) or not 0 < len(digest) <= 160:
        raise ManifestUnreadable("a descriptor has no digest")
    return digest


def _size(entry: Mapping[str, Any]) -> int:
    size = entry.get("size", 0)
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise ManifestUnreadable("a descriptor's size is no number")
    if size > MOST_BYTES:
        raise ManifestUnreadable("a descriptor tells of more than a tebibyte")
    return size
