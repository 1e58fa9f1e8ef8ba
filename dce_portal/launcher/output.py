"""What the launcher says on the terminal: steps on standard output, refusals on standard error."""

from __future__ import annotations

import sys


def say(text: str) -> None:
    """Print at once, since an exec would lose what is still buffered."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def step(text: str) -> None:
    """Print one step of the start."""
    say(f"==> {text}")


def refuse(text: str) -> None:
    """Print why something did not happen."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
