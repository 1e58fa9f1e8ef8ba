"""Manifests as bytes."""

from __future__ import annotations

import hashlib
import json

import pytest

from apps.registry.adapters.manifests import ManifestUnreadable, parse_manifest, platform_of
from apps.registry.ports import IMAGE_TYPES, INDEX_TYPES, LayerInfo

IMAGE, INDEX = sorted(IMAGE_TYPES)[0], sorted(INDEX_TYPES)[0]


def parse(document, media_type=IMAGE):
    body = json.dumps(document).encode()
    return parse_manifest(
        body, digest=f"sha256:{hashlib.sha256(body).hexdigest()}", media_type=media_type
    )


def test_image():
    layers = [
        {"digest": "sha256:a", "size": 10, "mediaType": "x"},
        {"digest": "sha256:b", "size": 5},
    ]
    found = parse({"config": {"digest": "sha256:c", "size": 3}, "layers": layers})
    assert found.size_bytes == 18
    assert found.config_digest == "sha256:c"
    assert found.layers == (LayerInfo("sha256:a", 10, "x"), LayerInfo("sha256:b", 5, ""))
    assert (
        platform_of(found, {"os": "linux", "architecture": "arm", "variant": "v7"}).platform
        == "linux/arm/v7"
    )
    assert platform_of(found, {"os": "linux"}).platform == ""


def test_index():
    entry = {"digest": "sha256:a", "platform": {"os": "linux", "architecture": "amd64"}}
    found = parse({"mediaType": INDEX, "manifests": [entry, {"digest": "sha256:b"}]}, media_type="")
    assert [(child.digest, child.platform) for child in found.children] == [
        ("sha256:a", "linux/amd64"),
        ("sha256:b", ""),
    ]


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"layers": 1},
        {"layers": [1]},
        {"layers": [{}]},
        {"layers": [{"digest": "d", "size": "9"}]},
        {"layers": [{"digest": "d", "size": -1}]},
        {"layers": [{"digest": "d", "size": 9 * 10**18}]},
    ],
)
def test_what_is_no_manifest(document):
    with pytest.raises(ManifestUnreadable):
        parse(document)


def test_wrong_digest_and_no_json():
    with pytest.raises(ManifestUnreadable, match="digest"):
        parse_manifest(b"{}", digest="sha256:0", media_type=IMAGE)
    with pytest.raises(ManifestUnreadable, match="JSON"):
        parse_manifest(b"{", digest="sha512:0", media_type=IMAGE)
