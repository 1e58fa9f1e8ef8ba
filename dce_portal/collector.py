"""Keeps Python's collector of cycles from looking at what stays for as long as the process.

Loading the portal makes a quarter of a million objects and throws nearly none away. The
collector would go through them again and again, a tenth of what a start takes, and later in
every full pass, for which a process stands still.
"""

from __future__ import annotations

import gc


def wait() -> None:
    """Collect nothing while the portal is loaded."""
    gc.disable()


def go_on() -> None:
    """Leave what was loaded alone for good, and collect what comes after it."""
    gc.freeze()
    gc.enable()
