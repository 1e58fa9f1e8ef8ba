"""A README becomes HTML that can do no harm."""

from __future__ import annotations

import pytest

from apps.registry.readme import LONGEST_README, readme_html


def test_markdown_becomes_html():
    html = readme_html("# Shop\n\n- a\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")
    for part in ("<h1>Shop</h1>", "<li>a</li>", "<td>1</td>"):
        assert part in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,AA==)",
        "![x](https://example.com/spy.png)",
        '<a href="https://example.com" onclick="x()">x</a>',
        "<style>body{}</style><iframe src=//example.com></iframe>",
    ],
)
def test_nothing_that_runs_or_spies_comes_through(text):
    html = readme_html(text)
    for tag in (
        "<script",
        "<img",
        "<iframe",
        "<style",
        'href="javascript',
        'href="data',
        '<a href="https://example.com" onclick',
    ):
        assert tag not in html


def test_links_lead_out_without_a_trace():
    assert 'rel="noopener noreferrer nofollow"' in readme_html("[x](https://example.com)")


def test_a_monster_is_cut():
    assert len(readme_html("> " * LONGEST_README)) < LONGEST_README * 10
