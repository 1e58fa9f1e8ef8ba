"""What may be pushed, what is kept, and what is won back: the registry's policies."""
