"""Pure rules: what is matched, decided, kept and said."""
