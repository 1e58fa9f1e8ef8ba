"""The collector is back at work once the portal is loaded, and leaves alone what was loaded."""

from __future__ import annotations

import gc

LOADED_AT_LEAST = 100_000


def test_what_was_loaded_is_left_alone() -> None:
    assert gc.isenabled()
    assert gc.get_freeze_count() > LOADED_AT_LEAST
