"""Pure rules of the registry: what is said of facts that are handed in."""
