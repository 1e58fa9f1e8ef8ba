"""The form of personal tokens."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from apps.accounts import tokens

PEPPER = tokens.pepper_of("a key")


def test_a_new_token_has_the_agreed_form_and_passes_its_own_checksum():
    made = tokens.generate()
    assert re.fullmatch(r"dcep_[0-9A-Za-z]{12}_[0-9A-Za-z]{46}", made.whole)
    assert tokens.parse(made.whole) == made


def test_two_tokens_share_neither_key_nor_secret():
    first, second = tokens.generate(), tokens.generate()
    assert first.key != second.key
    assert first.whole[-46:] != second.whole[-46:]


@given(position=st.integers(5, 63), letter=st.sampled_from(tokens.ALPHABET))
def test_one_wrong_letter_anywhere_is_found(position: int, letter: str):
    whole = tokens.generate().whole
    changed = whole[:position] + letter + whole[position + 1 :]
    assert (tokens.parse(changed) is None) == (changed != whole)


@given(st.text())
def test_any_other_text_is_no_token(text: str):
    assert tokens.parse(text) is None
    assert tokens.parse("dcep_" + text) is None


def test_a_token_does_not_print_its_secret():
    made = tokens.generate()
    assert made.whole[-46:] not in repr(made)


def test_digests_depend_on_the_pepper_and_on_where_parts_end():
    assert tokens.digest_of("ab", "c", pepper=PEPPER) != tokens.digest_of("a", "bc", pepper=PEPPER)
    assert tokens.digest_of("a", pepper=PEPPER) != tokens.digest_of(
        "a", pepper=tokens.pepper_of("another")
    )
    assert len(tokens.digest_of("a", pepper=PEPPER)) == 64
