"""Labels: what is allowed, and edits that keep what others changed."""

from __future__ import annotations

import pytest

from apps.nodes.services.labels import MOST_LABELS, check_labels, label_edits, merged_labels
from dce_portal.errors import InvalidInput


@pytest.mark.parametrize("key", ["zone", "a", "com.example/disk-type_1"])
def test_good_names(key: str) -> None:
    check_labels({key: "any value with spaces, 中文 too"})


@pytest.mark.parametrize("key", ["", "-a", "a-", "a b", "a=b", "é", "a\n", "x" * 129])
def test_bad_names_name_the_field(key: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_labels({key: "v"})
    assert caught.value.field == "labels"


@pytest.mark.parametrize("value", ["a\nb", "a\0b", "\x1b[31m", "x" * 257, "\u202e"])
def test_bad_values(value: str) -> None:
    with pytest.raises(InvalidInput, match="zone"):
        check_labels({"zone": value})


def test_too_many() -> None:
    with pytest.raises(InvalidInput, match="at most"):
        check_labels({f"k{number}": "" for number in range(MOST_LABELS + 1)})


def test_edits_keep_what_others_changed_meanwhile() -> None:
    shown = {"zone": "a", "disk": "ssd", "old": "1"}
    to_set, to_remove = label_edits(shown, {"zone": "b", "disk": "ssd", "new": "2"})
    present = {"zone": "a", "disk": "hdd", "old": "1", "other": "3"}
    assert merged_labels(present, to_set=to_set, to_remove=to_remove) == {
        "zone": "b",
        "disk": "hdd",
        "new": "2",
        "other": "3",
    }
