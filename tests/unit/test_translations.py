"""The Chinese catalogues hold every text of the sources, whole and with the same placeholders."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import unfold
from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_python
from babel.messages.pofile import read_po
from django.utils.translation import trans_real
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "locale"
THEME_FOLDER = Path(unfold.__file__).parent / "templates"
THEME_TEMPLATES = ("admin", "unfold", "registration")
# What the portal's pages never show: samples of components, and parts of the theme that are not used.
NOT_SHOWN = frozenset({"unfold/components"})

PLACEHOLDER = re.compile(r"%\([a-z_]+\)[sdr]|%[sd]|\{\w*\}")
LITERAL = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\""""
CALL = re.compile(rf"\bn?p?gettext\((?:{LITERAL}|[^'\"()])*\)")
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}

Text = tuple[str | None, str]


def texts_of_python(source: bytes) -> Iterator[Text]:
    """Context and text of every call of a gettext function with literals."""
    options = {"encoding": "utf-8"}
    for _line, name, found, _comments in extract_python(io.BytesIO(source), KEYWORDS, [], options):
        # A variable in place of the text is none: what it may hold is marked where it is written.
        parts = found if isinstance(found, tuple) else (found,)
        wanted = KEYWORDS[name] or (1,)
        has_context = isinstance(wanted[0], tuple)
        text = parts[1 if has_context else 0]
        if text:
            yield (parts[0] if has_context else None, text)


def texts_of_template(source: str) -> Iterator[Text]:
    """What Django's own extraction makes of a template's tags, read by the same rules."""
    calls = "\n".join(CALL.findall(templatize(source)))
    return texts_of_python(calls.encode())


def our_texts() -> set[Text]:
    """Every text of the project's Python and templates."""
    found: set[Text] = set()
    for folder in ("apps", "dce_portal"):
        for path in (ROOT / folder).rglob("*.py"):
            found.update(texts_of_python(path.read_bytes()))
    for path in (ROOT / "templates").rglob("*.html"):
        found.update(texts_of_template(path.read_text(encoding="utf-8")))
    return found


def theme_texts() -> set[Text]:
    """Every text of the theme's templates that the portal's pages may show."""
    found: set[Text] = set()
    for name in THEME_TEMPLATES:
        for path in (THEME_FOLDER / name).rglob("*.html"):
            relative = path.relative_to(THEME_FOLDER).as_posix()
            if not any(relative.startswith(hidden) for hidden in NOT_SHOWN):
                found.update(texts_of_template(path.read_text(encoding="utf-8")))
    return found


def catalogue(path: Path) -> Catalog:
    """A catalogue as it lies in the checkout."""
    with path.open("rb") as file:
        return read_po(file, locale="zh_Hans")


CATALOGUES = sorted(LOCALE.rglob("*.po"))
OURS = LOCALE / "zh_Hans" / "LC_MESSAGES" / "django.po"
THEME = LOCALE / "theme" / "zh_Hans" / "LC_MESSAGES" / "django.po"


def strings(value: Any) -> list[str]:
    """One text or all forms of a plural."""
    return [value] if isinstance(value, str) else list(value or ())


def messages(path: Path) -> list[Message]:
    """The entries without the heading."""
    return [message for message in catalogue(path) if message.id]


def test_the_extraction_finds_texts_of_every_kind() -> None:
    code = b"_('a'); gettext_lazy('b'); ngettext('c', 'd', 2); pgettext_lazy('x', 'e'); other('f')"
    template = (
        '{% translate "g (h) i" %} don\'t {% blocktranslate count n=3 %}one{% plural %}{{ n }} h{% endblocktranslate %}'
        '{% translate "i" context "y" %}'
    )

    assert set(texts_of_python(code)) == {(None, "a"), (None, "b"), (None, "c"), ("x", "e")}
    assert set(texts_of_template(template)) == {(None, "g (h) i"), (None, "one"), ("y", "i")}


def test_every_text_of_the_sources_is_in_the_catalogue() -> None:
    known = {(message.context, strings(message.id)[0]) for message in messages(OURS)}
    missing = sorted(text for _context, text in our_texts() - known)

    assert not missing, f"Run `make messages` and translate these: {missing}"


def test_the_catalogue_holds_nothing_that_the_sources_do_not() -> None:
    wanted = our_texts()
    stray = [m.id for m in messages(OURS) if (m.context, strings(m.id)[0]) not in wanted]

    assert not stray, f"Run `make messages`; no source says these any more: {stray}"


def test_the_theme_speaks_chinese_where_django_does_not_translate_it() -> None:
    django = trans_real.DjangoTranslation("zh-hans")
    ours = {strings(message.id)[0] for message in messages(THEME)}
    missing = sorted(
        text
        for _context, text in theme_texts()
        if text not in ours and django.gettext(text) == text
    )

    assert not missing, f"Add these to locale/theme: {missing}"


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: str(path.relative_to(LOCALE)))
def test_every_entry_is_translated_and_sure(path: Path) -> None:
    bare = [m.id for m in messages(path) if not all(strings(m.string)) or not strings(m.string)]
    unsure = [m.id for m in messages(path) if m.fuzzy]

    assert (bare, unsure) == ([], [])


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: str(path.relative_to(LOCALE)))
def test_placeholders_agree(path: Path) -> None:
    wrong = [
        message.id
        for message in messages(path)
        for translation in strings(message.string)
        if sorted(PLACEHOLDER.findall(strings(message.id)[-1]))
        != sorted(PLACEHOLDER.findall(translation))
    ]

    assert wrong == []


def test_the_catalogues_carry_no_date_or_place_that_changes_by_itself() -> None:
    for path in CATALOGUES:
        text = path.read_text(encoding="utf-8")
        assert "POT-Creation-Date" not in text, path
        assert "\n#: " not in text, path
