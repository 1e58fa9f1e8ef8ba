"""Second factors and the sessions of browsers: what is checked, kept and ended."""
