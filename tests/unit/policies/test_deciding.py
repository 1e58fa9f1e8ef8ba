"""Each refusal of the guard, and its opposite."""

from __future__ import annotations

import pytest

from apps.policies.rules.deciding import (
    ImageFact,
    ImageRuleFact,
    QuotaFact,
    TagRuleFact,
    in_units,
    refused_by_quota,
    refused_image,
    refused_tag,
)

IMMUTABLE = (TagRuleFact(kind="immutable", tags="v*"),)
PROTECTED = (
    TagRuleFact(
        kind="protected",
        tags="release-*",
        who_creates="writer",
        who_overwrites="owner",
        who_deletes="nobody",
    ),
)


@pytest.mark.parametrize(
    ("tag", "verb", "is_refused"),
    [
        ("v1", "create", False),
        ("v1", "overwrite", True),
        ("v1", "delete", True),
        ("latest", "overwrite", False),
    ],
)
def test_immutable_tags(tag: str, verb: str, is_refused: bool) -> None:
    why = refused_tag(IMMUTABLE, tag=tag, role="owner", verb=verb)
    assert (why is not None) is is_refused


@pytest.mark.parametrize(
    ("role", "verb", "is_refused"),
    [
        ("reader", "create", True),
        ("writer", "create", False),
        ("writer", "overwrite", True),
        ("maintainer", "overwrite", True),
        ("owner", "overwrite", False),
        ("owner", "delete", True),
        ("", "create", True),
    ],
)
def test_protected_tags_by_role(role: str, verb: str, is_refused: bool) -> None:
    why = refused_tag(PROTECTED, tag="release-1", role=role, verb=verb)
    assert (why is not None) is is_refused


@pytest.mark.parametrize(
    ("platform", "is_refused"),
    [
        ("linux/arm", False),
        ("linux/arm/v7", False),
        ("linux/arm64", True),
        ("unknown/unknown", False),
        ("", True),
    ],
)
def test_platforms_include_their_variants_and_nothing_longer(
    platform: str, is_refused: bool
) -> None:
    rules = (ImageRuleFact(platforms="linux/arm"),)
    assert (refused_image(rules, ImageFact(platforms=(platform,))) is not None) is is_refused


def test_artifacts_have_no_platform_and_pass() -> None:
    rules = (ImageRuleFact(platforms="linux/amd64"),)
    assert refused_image(rules, ImageFact(is_image=False)) is None


def test_the_largest_size_still_fits() -> None:
    rules = (ImageRuleFact(most_bytes=1024),)
    assert refused_image(rules, ImageFact(size_bytes=1024)) is None
    why = refused_image(rules, ImageFact(size_bytes=2048))
    assert why == "the image has 2.0 KiB, and at most 1.0 KiB are allowed here"


def test_a_quota_is_filled_to_the_last_byte_and_tag() -> None:
    full = QuotaFact(
        namespace="team",
        used_bytes=60,
        new_bytes=40,
        most_bytes=100,
        used_tags=1,
        new_tags=1,
        most_tags=2,
    )
    assert refused_by_quota(full) is None
    over = QuotaFact(namespace="team", used_bytes=60, new_bytes=41, most_bytes=100)
    assert "41 B more do not fit" in (refused_by_quota(over) or "")
    tags = QuotaFact(namespace="team", used_tags=2, new_tags=1, most_tags=2)
    assert "has 2 of the 2 tags that it may have" in (refused_by_quota(tags) or "")


def test_what_adds_nothing_passes_a_namespace_that_holds_too_much() -> None:
    above = QuotaFact(namespace="team", used_bytes=200, most_bytes=100, used_tags=9, most_tags=2)
    assert refused_by_quota(above) is None


def test_sizes_are_plain_text() -> None:
    assert [in_units(size) for size in (0, 1023, 1536, 5 * 1024**4)] == [
        "0 B",
        "1023 B",
        "1.5 KiB",
        "5.0 TiB",
    ]
