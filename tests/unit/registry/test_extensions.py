"""What other apps register for tags: marks and tabs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from apps.registry import extensions
from apps.registry.extensions import TagMark, marks_of, register_tag_marks
from apps.registry.models import Tag


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extensions, "_marks", [])


def test_marks_of_two_apps_stand_side_by_side_and_each_is_asked_once_for_all_tags() -> None:
    asked: list[list[int]] = []

    def kept(tags: Sequence[Tag]) -> Mapping[int, list[TagMark]]:
        asked.append([tag.pk for tag in tags])
        return {tag.pk: [TagMark("kept")] for tag in tags}

    def immutable(_tags: Sequence[Tag]) -> Mapping[int, list[TagMark]]:
        return {2: [TagMark("immutable")]}

    register_tag_marks(kept)
    register_tag_marks(kept)
    register_tag_marks(immutable)

    found = marks_of([Tag(pk=1, name="a"), Tag(pk=2, name="b")])

    assert asked == [[1, 2]]
    assert [mark.label for mark in found[2]] == ["kept", "immutable"]
    assert [mark.label for mark in found[1]] == ["kept"]


def test_a_page_without_tags_asks_nobody() -> None:
    register_tag_marks(lambda _tags: pytest.fail("asked for the marks of no tags"))

    assert marks_of([]) == {}
