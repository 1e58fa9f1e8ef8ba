"""Where other apps hang something on the registry's pages: marks on tags, and tabs of a tag's page.

Register from an `AppConfig.ready`. Each function is asked once a page for all its tags, never
once a tag, so that a list needs the same number of queries however long it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.utils.functional import _StrOrPromise

    from apps.registry.models import Tag


@dataclass(frozen=True, slots=True)
class TagMark:
    """One word on a tag ("immutable"), the sentence behind it, and its tone: good, late, bad, busy or off."""

    label: _StrOrPromise
    title: _StrOrPromise = ""
    tone: str = "off"


# All tags of one page in, each one's marks by its key out; a tag without marks may be left out.
TagMarks = Callable[[Sequence["Tag"]], Mapping[int, Iterable[TagMark]]]
# What a tab's template shows of one tag, for the person of the request; None leaves the tab out.
TabFacts = Callable[["HttpRequest", "Tag"], Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactTab:
    """A further tab of a tag's page; `order` sorts it among the portal's own (10, 20 … 70)."""

    key: str
    title: _StrOrPromise
    template: str
    facts: TabFacts
    order: int = 100


@dataclass(frozen=True, slots=True)
class ShownTab:
    """A tab that was rendered for one person and one tag."""

    key: str
    title: str
    body: SafeString
    order: int


_marks: list[TagMarks] = []
_tabs: dict[str, ArtifactTab] = {}


def register_tag_marks(function: TagMarks) -> None:
    """Ask `function` for marks on every page that lists tags; registering it twice does no harm."""
    if function not in _marks:
        _marks.append(function)


def register_artifact_tab(tab: ArtifactTab) -> None:
    """Show `tab` on every tag's page; a tab of the same key is replaced."""
    _tabs[tab.key] = tab


def marks_of(tags: Sequence[Tag]) -> dict[int, tuple[TagMark, ...]]:
    """The marks of these tags, by key; in the order in which they were registered."""
    found: dict[int, tuple[TagMark, ...]] = {}
    for function in _marks if tags else ():
        for pk, marks in function(tags).items():
            found[pk] = (*found.get(pk, ()), *marks)
    return found


def tabs_of(request: HttpRequest, tag: Tag) -> list[ShownTab]:
    """The further tabs of one tag's page, rendered."""
    shown = (_shown(tab, request, tag) for tab in _tabs.values())
    return sorted((tab for tab in shown if tab is not None), key=lambda tab: tab.order)


def _shown(tab: ArtifactTab, request: HttpRequest, tag: Tag) -> ShownTab | None:
    facts = tab.facts(request, tag)
    if facts is None:
        return None
    body = render_to_string(tab.template, {**facts, "tag": tag}, request=request)
    return ShownTab(tab.key, str(tab.title), mark_safe(body), tab.order)  # noqa: S308 - a template's own output
