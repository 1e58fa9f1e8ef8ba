"""Gathers the texts to translate into the portal's own catalogue, in a form that changes only when a text does."""

from __future__ import annotations

from pathlib import Path

from django.core.management.base import CommandParser
from django.core.management.commands import makemessages

DATE_FIELD = '"POT-Creation-Date:'
# As files, since a folder's bare name would leave out every folder of that name, the adapters' too.
AGENT = "agent/*.*"
NOT_OURS = [".venv*", "var", "node_modules", "static_collected", "tests", "bench", AGENT]


class Command(makemessages.Command):
    """Django's command with this project's options: no places, no dates, no guesses, no obsolete texts."""

    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]

    def add_arguments(self, parser: CommandParser) -> None:
        """The catalogue beside ours holds the theme's own strings and is written by hand."""
        super().add_arguments(parser)
        parser.set_defaults(
            locale=["zh_Hans"],
            ignore_patterns=NOT_OURS,
            no_location=True,
            no_obsolete=True,
            no_wrap=True,
        )

    def write_po_file(self, potfile: str, locale: str) -> None:
        """A date in the catalogue would make every gathering a change."""
        super().write_po_file(potfile, locale)
        for path in Path(potfile).parent.glob(f"{locale}/LC_MESSAGES/{self.domain}.po"):
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            kept = [line for line in lines if not line.startswith(DATE_FIELD)]
            path.write_text("".join(kept), encoding="utf-8")
