"""Stand-ins that behave as the real ones do; the contract tests hold them to it."""
