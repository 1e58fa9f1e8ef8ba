"""What speaks to other registries, and what copies."""
