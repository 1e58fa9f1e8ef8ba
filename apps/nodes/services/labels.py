"""What a node's label may look like, and three-way merges of labels; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from dce_portal.errors import InvalidInput

KEY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?")
LONGEST_KEY = 128
LONGEST_VALUE = 256
MOST_LABELS = 64


def check_labels(labels: Mapping[str, str]) -> None:
    """Raise InvalidInput with the first thing that is wrong."""
    if len(labels) > MOST_LABELS:
        raise _wrong(_("A node can have at most %(most)s labels.") % {"most": MOST_LABELS})
    for key, value in labels.items():
        _check_key(key)
        _check_value(key, value)


def _check_key(key: str) -> None:
    if len(key) > LONGEST_KEY or not KEY.fullmatch(key):
        raise _wrong(
            _(
                "“%(key)s” cannot be a label's name: use letters, digits, dots, hyphens, underscores and slashes,"
                " with a letter or digit at both ends, at most %(most)s characters."
            )
            % {"key": key[:LONGEST_KEY], "most": LONGEST_KEY}
        )


def _check_value(key: str, value: str) -> None:
    if len(value) > LONGEST_VALUE or not value.isprintable():
        raise _wrong(
            _(
                "The value of “%(key)s” must be one line of at most %(most)s characters"
                " without control characters."
            )
            % {"key": key, "most": LONGEST_VALUE}
        )


def _wrong(sentence: str) -> InvalidInput:
    return InvalidInput(sentence, field="labels")


def label_edits(
    before: Mapping[str, str], after: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """What a person changed: labels to set, and names to take away."""
    to_set = {key: value for key, value in after.items() if before.get(key) != value}
    return to_set, sorted(key for key in before if key not in after)


def merged_labels(
    present: Mapping[str, str], *, to_set: Mapping[str, str], to_remove: Sequence[str]
) -> dict[str, str]:
    """The present labels with the person's edits; what others changed meanwhile stays."""
    return {key: value for key, value in {**present, **to_set}.items() if key not in to_remove}
