"""A repository's README: Markdown in, harmless HTML out."""

from __future__ import annotations

from functools import cache
from typing import Any

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

LONGEST_README = 64 * 1024
BLOCKS = "blockquote br hr li ol p pre ul h1 h2 h3 h4 h5 h6 table tbody td th thead tr"
TAGS = frozenset(f"a code del em s strong {BLOCKS}".split())
ATTRIBUTES: dict[str, set[str]] = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = frozenset({"http", "https", "mailto"})


@cache
def _reader() -> Any:  # noqa: ANN401 - markdown-it's own type
    """CommonMark with tables; HTML in the text is text, and nothing is nested without end."""
    reader = MarkdownIt("commonmark", {"html": False, "maxNesting": 20})
    return reader.enable(["table", "strikethrough"])


def readme_html(text: str) -> SafeString:
    """Rendered, then cleaned by an allow-list: no script, no image from elsewhere, no style."""
    html = _reader().render(text[:LONGEST_README])
    clean = nh3.clean(
        html,
        tags=set(TAGS),
        attributes=ATTRIBUTES,
        url_schemes=set(SCHEMES),
        link_rel="noopener noreferrer nofollow",
    )
    return mark_safe(clean)  # noqa: S308 - cleaned by an allow-list just now
