"""How the launcher gives up: with one sentence and an exit code."""

from __future__ import annotations

WRONG_CONFIGURATION = 2
CANNOT_START = 1


class LauncherError(Exception):
    """The portal cannot be started (or asked); the text is one sentence that says what to do."""

    def __init__(self, message: str, *, exit_code: int = CANNOT_START) -> None:
        """Keep the sentence and the code that the shell gets."""
        super().__init__(message)
        self.exit_code = exit_code
