"""What speaks to the registry, its files and its collector."""
