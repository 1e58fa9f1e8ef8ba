"""What is kept of an image's configuration, and how a layer is told what made it."""

from __future__ import annotations

import pytest

from apps.registry.adapters.image_config import MOST_ENTRIES, MOST_HISTORY, image_facts
from apps.registry.browse.artifact import commands_of, kind_of, plain_command
from apps.registry.browse.uses import parts_of_image
from apps.registry.models import Manifest
from apps.registry.search_words import words_of_labels, words_of_name

CONFIG = {
    "rootfs": {"type": "layers"},
    "created": "2026-01-02T03:04:05Z",
    "config": {
        "Entrypoint": ["/app"],
        "Cmd": ["--serve"],
        "Env": ["PATH=/bin", 7],
        "Labels": {"team": "shop", "odd": 3},
        "ExposedPorts": {"80/tcp": {}},
    },
    "history": [
        {"created_by": "/bin/sh -c #(nop) ADD file:1 in /"},
        {"created_by": "ENV A=1", "empty_layer": True},
        {"created_by": "RUN /bin/sh -c make # buildkit"},
    ],
}


def test_the_facts_are_those_that_a_page_shows():
    facts = image_facts(CONFIG)
    assert facts["entrypoint"] == ["/app"]
    assert facts["environment"] == ["PATH=/bin"]
    assert facts["labels"] == {"team": "shop"}
    assert facts["ports"] == ["80/tcp"]
    assert [step["is_empty"] for step in facts["history"]] == [False, True, False]
    assert "volumes" not in facts


@pytest.mark.parametrize("config", [{}, {"rootfs": 1}, {"name": "chart", "version": "1"}])
def test_what_is_no_image_has_none(config):
    assert image_facts(config) == {}


def test_whoever_pushes_cannot_fill_the_database():
    huge = {
        "rootfs": {},
        "config": {"Env": ["x" * 9000] * 9000, "Labels": {str(n): "y" * 9000 for n in range(9000)}},
        "history": [{"created_by": "z" * 90_000}] * 9000,
    }
    facts = image_facts(huge)
    assert len(facts["environment"]) == len(facts["labels"]) == MOST_ENTRIES
    assert max(map(len, facts["environment"])) == 1024
    assert len(facts["history"]) == MOST_HISTORY
    assert len(facts["history"][0]["command"]) == 4096


def test_odd_types_and_nul_do_no_harm():
    facts = image_facts(
        {"rootfs": {}, "config": {"Env": "A=\0", "Labels": [], "ExposedPorts": 4}, "history": [3]}
    )
    assert facts["environment"] == ["A=␀"]
    assert "labels" not in facts


def test_each_layer_gets_the_step_that_made_it():
    layers = [{"digest": f"sha256:{n}", "size_bytes": 1, "media_type": "l"} for n in "ab"]
    manifest = Manifest(layers=layers, facts=image_facts(CONFIG))
    assert commands_of(manifest) == ["ADD file:1 in /", "RUN make"]
    manifest.layers = layers[:1]
    assert commands_of(manifest) == []


def test_a_command_that_is_plain_stays():
    assert plain_command("COPY . /app # buildkit") == "COPY . /app"


@pytest.mark.parametrize(
    ("artifact_type", "media_type", "word"),
    [
        (
            "application/vnd.oci.image.config.v1+json",
            "application/vnd.oci.image.layer.v1.tar",
            "image",
        ),
        ("", "application/vnd.docker.image.rootfs.diff.tar.gzip", "image"),
        (
            "application/vnd.cncf.helm.config.v1+json",
            "application/vnd.cncf.helm.chart",
            "Helm chart",
        ),
        ("application/vnd.dev.cosign.artifact.sig.v1+json", "x", "signature"),
        ("application/spdx+json", "application/spdx+json", "SBOM"),
        ("application/vnd.acme.rocket.v1", "text/plain", "artifact"),
        ("application/vnd.oci.image.config.v1+json", "application/vnd.in-toto+json", "attestation"),
    ],
)
def test_an_artifact_is_named_by_what_it_is(artifact_type, media_type, word):
    manifest = Manifest(
        media_type="application/vnd.oci.image.manifest.v1+json",
        artifact_type=artifact_type,
        layers=[{"digest": "d", "size_bytes": 1, "media_type": media_type}],
    )
    assert str(kind_of(manifest).word) == word


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("host:8080/team/app:v1@sha256:ab", ("team/app", "v1", "sha256:ab")),
        ("host/team/app", ("team/app", "latest", "")),
        ("host/team/app@sha256:ab", ("team/app", "", "sha256:ab")),
        ("nginx", ("", "latest", "")),
    ],
)
def test_a_services_image_is_taken_apart(image, parts):
    assert parts_of_image(image) == parts


def test_words_begin_where_a_person_would_begin_to_type():
    assert words_of_name("team/Web-shop") == {"team/web-shop", "web-shop", "shop"}
    assert words_of_labels({"Team": "Shop"}) == {"team=shop", "shop"}
