"""Template helpers that every app's pages share."""
